import { createHash } from 'node:crypto'
import type { InputItem } from '@antiphon/client'
import { type BuiltInContext, WireRefusal } from 'antiphon'
import type { Container } from './containers/container.ts'
import type { Containers } from './containers/open-containers.ts'
import type { WantedContainer } from './declaration.ts'
import { containerIn } from './describe-result.ts'
import { type FileSource, fileOf } from './file-source.ts'

/** The container of a run. */
export interface RunContainer {
  readonly id: string
  /** Makes it, when it is one for the run and is not there. */
  get(): Promise<Container>
}

/** Of one file that a request refers to. */
const MAX_FILE_BYTES = 512 * 1024 * 1024

/** Which files a container was given already, by the ids that requests had for them. */
const given = new WeakMap<Container, Set<string>>()

const unknownFile = (id: string): WireRefusal =>
  new WireRefusal(404, `There is no file ${id}.`, { param: 'container.file_ids', code: 'not_found' })

/**
 * Finds the container of a run: the one that is named; else the last one that the history tells of, when it is still there; else one of its own, whose id follows from the run, so that it
 * is the same one after a crash.
 *
 * @throws WireRefusal for a container or a file that is not there.
 */
export const containerOfRun = async (
  containers: Containers,
  wanted: WantedContainer,
  { tenant, runId, input }: Pick<BuiltInContext, 'tenant' | 'runId' | 'input'>,
  files: FileSource | undefined,
): Promise<RunContainer> => {
  if (wanted.kind === 'named') {
    const { id } = wanted
    const find = (): Container => {
      const found = containers.find(tenant, id)
      if (found !== undefined) return found
      throw new WireRefusal(404, `There is no container ${id}; it may have expired.`, {
        param: 'container',
        code: 'not_found',
      })
    }
    find().touch()
    return { id, get: async () => find() }
  }
  const { fileIds, memory } = wanted
  if (fileIds.length > 0 && files === undefined)
    throw new WireRefusal(400, 'There are no files here that `file_ids` could name.', {
      param: 'container.file_ids',
      code: 'unsupported_value',
    })
  for (const id of fileIds) if ((await files?.get(tenant, id)) === undefined) throw unknownFile(id)
  const earlier = lastContainer(containers, tenant, input)
  earlier?.touch()
  const id =
    earlier?.id ??
    `cntr_${createHash('sha256')
      .update(JSON.stringify([tenant, runId]))
      .digest('hex')
      .slice(0, 32)}`
  const get = async (): Promise<Container> => {
    const container =
      containers.find(tenant, id) ??
      (await containers.create(tenant, { id, isAuto: true, ...(memory === undefined ? {} : { memory }) }))
    if (files !== undefined) await give(container, fileIds, files)
    return container
  }
  return { id, get }
}

const give = async (container: Container, fileIds: readonly string[], files: FileSource): Promise<void> => {
  const has = given.get(container) ?? new Set()
  given.set(container, has)
  for (const id of fileIds) {
    if (has.has(id)) continue
    const file = await fileOf(files, { tenant: container.tenant, id, maxBytes: MAX_FILE_BYTES })
    if (file === undefined) throw unknownFile(id)
    await container.files.put(file.filename, file.content)
    has.add(id)
  }
}

const lastContainer = (
  containers: Containers,
  tenant: string,
  input: readonly InputItem[],
): Container | undefined => {
  for (let index = input.length - 1; index >= 0; index -= 1) {
    const id = containerOf(input[index]!)
    const found = id === undefined ? undefined : containers.find(tenant, id)
    if (found !== undefined) return found
  }
  return undefined
}

const containerOf = (item: InputItem): string | undefined => {
  const { type, container_id, output } = item as { type?: string; container_id?: unknown; output?: unknown }
  if (type === 'code_interpreter_call' && typeof container_id === 'string') return container_id
  return type === 'function_call_output' && typeof output === 'string' ? containerIn(output) : undefined
}
