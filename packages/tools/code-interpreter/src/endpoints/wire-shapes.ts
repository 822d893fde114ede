import type { Container } from '../containers/container.ts'
import { type ContainerFile, DATA } from '../containers/container-files.ts'

const seconds = (ms: number): number => Math.floor(ms / 1_000)

/** A container as the wire has it. */
export const wireContainer = ({
  id,
  name,
  createdAt,
  lastActiveAt,
  idleMinutes,
  memory,
}: Container): object => ({
  id,
  object: 'container',
  name,
  created_at: seconds(createdAt),
  status: 'running',
  last_active_at: seconds(lastActiveAt),
  expires_after: { anchor: 'last_active_at', minutes: idleMinutes },
  memory_limit: memory,
  network_policy: { type: 'disabled' },
})

/** A file of a container as the wire has it. */
export const wireFile = (
  containerId: string,
  { id, createdAt, bytes, path, source }: ContainerFile,
): object => ({
  id,
  object: 'container.file',
  container_id: containerId,
  created_at: seconds(createdAt),
  bytes,
  path: `${DATA}/${path}`,
  source,
})
