import { chmod, mkdir, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { InterpreterError } from '../interpreter-error.ts'
import type { Container, NewContainer } from './container.ts'
import { type ContainerOptions, type ContainerSettings, containerSettings } from './container-options.ts'
import { type OpenContainer, openContainer } from './open-container.ts'

/** How often it is looked for containers whose time is up. */
const SWEEP_MS = 15_000

/** Containers of tenants, in this process: they are gone when it ends. */
export interface Containers {
  readonly settings: ContainerSettings
  /** @throws InterpreterError `container_limit` when there are too many. */
  create(tenant: string, container?: NewContainer): Promise<Container>
  /** Undefined when it was never there, is another tenant's, was deleted, or was idle for too long. */
  find(tenant: string, id: string): Container | undefined
  /** Those of a tenant, the oldest first. */
  list(tenant: string): readonly Container[]
  /** False when there was none. */
  delete(tenant: string, id: string): Promise<boolean>
  /** Ends those whose time is up. Called by itself from time to time. */
  sweep(now?: number): Promise<void>
  /** Ends all, and removes their files. */
  close(): Promise<void>
}

/** Makes a place for containers. Nothing is started before the first one. */
export const openContainers = (options: ContainerOptions = {}): Containers => {
  const settings = containerSettings(options)
  const open = new Map<string, OpenContainer>()
  const making = new Map<string, Promise<OpenContainer>>()
  const ending = new Set<Promise<void>>()
  let root: Promise<string> | undefined
  let timer: NodeJS.Timeout | undefined

  const keyOf = (tenant: string, id: string): string => JSON.stringify([tenant, id])
  const isOver = ({ lastActiveAt, idleMinutes, calls }: OpenContainer, now: number): boolean =>
    calls === 0 && now - lastActiveAt > idleMinutes * 60_000
  const end = async (container: OpenContainer): Promise<void> => {
    open.delete(keyOf(container.tenant, container.id))
    const closing = container.close()
    ending.add(closing)
    await closing.finally(() => ending.delete(closing))
  }
  const of = (tenant: string): OpenContainer[] => [...open.values()].filter((each) => each.tenant === tenant)

  /** Makes room among containers that were made for runs; those that somebody named stay. */
  const makeRoom = async (tenant: string): Promise<void> => {
    const own = of(tenant)
    const isFullFor = own.length >= settings.maxContainersPerTenant
    if (!isFullFor && open.size < settings.maxContainers) return
    const [idle] = (isFullFor ? own : [...open.values()])
      .filter(({ isAuto, calls }) => isAuto && calls === 0)
      .sort((a, b) => a.lastActiveAt - b.lastActiveAt)
    if (idle === undefined)
      throw new InterpreterError(
        'container_limit',
        `There are as many containers as there may be (${settings.maxContainersPerTenant} of one tenant, ${settings.maxContainers} in all). Delete some, or wait until they expire.`,
        { retryable: true },
      )
    await end(idle)
  }
  // One after the other, so that no two take the same room.
  let last: Promise<unknown> = Promise.resolve()
  const make = (tenant: string, asked: NewContainer): Promise<OpenContainer> => {
    const made = last.then(() => makeNext(tenant, asked))
    last = made.catch(() => {})
    return made
  }
  const makeNext = async (tenant: string, asked: NewContainer): Promise<OpenContainer> => {
    await sweep()
    await makeRoom(tenant)
    root ??= makeRoot(settings.folder)
    const container = await openContainer(settings, await root, tenant, asked)
    open.set(keyOf(tenant, container.id), container)
    timer ??= setInterval(() => void sweep().catch(() => {}), SWEEP_MS).unref()
    return container
  }
  const sweep = async (now = Date.now()): Promise<void> => {
    await Promise.allSettled([...open.values()].filter((each) => isOver(each, now)).map(end))
  }
  const find = (tenant: string, id: string): OpenContainer | undefined => {
    const found = open.get(keyOf(tenant, id))
    return found === undefined || isOver(found, Date.now()) ? undefined : found
  }

  return {
    settings,
    create: (tenant, asked = {}) => {
      if (asked.id === undefined) return make(tenant, asked)
      const key = keyOf(tenant, asked.id)
      const found = find(tenant, asked.id)
      if (found !== undefined) return Promise.resolve(found)
      const made = making.get(key) ?? make(tenant, asked).finally(() => making.delete(key))
      making.set(key, made)
      return made
    },
    find,
    list: (tenant) => of(tenant).filter((each) => !isOver(each, Date.now())),
    delete: async (tenant, id) => {
      const found = find(tenant, id)
      if (found === undefined) return false
      await end(found)
      return true
    },
    sweep,
    close: async () => {
      clearInterval(timer)
      timer = undefined
      await Promise.allSettled([...making.values()])
      await Promise.allSettled([...open.values()].map(end))
      await Promise.allSettled([...ending])
      const made = await root?.catch(() => undefined)
      root = undefined
      if (made !== undefined) await rm(made, { recursive: true, force: true })
    },
  }
}

/** A folder that users of sandboxes can pass through, and not look into. */
const makeRoot = async (folder: string | undefined): Promise<string> => {
  if (folder !== undefined) await mkdir(folder, { recursive: true })
  const root = await mkdtemp(join(folder ?? tmpdir(), 'antiphon-containers-'))
  await chmod(root, 0o711)
  return root
}
