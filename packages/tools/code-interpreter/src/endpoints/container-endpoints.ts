import { type BuiltInEndpoint, type EndpointCall, type EndpointReply, WireRefusal } from 'antiphon'
import { z } from 'zod'
import type { Container } from '../containers/container.ts'
import type { Containers } from '../containers/open-containers.ts'
import { checkNetwork, readMemory } from '../declaration.ts'
import { type FileSource, fileOf } from '../file-source.ts'
import { InterpreterError } from '../interpreter-error.ts'
import { fileEndpoints } from './file-endpoints.ts'
import { listPage } from './list-page.ts'
import { wireContainer } from './wire-shapes.ts'

const createSchema = z.object({
  name: z.string().min(1).max(256),
  file_ids: z.array(z.string().min(1).max(200)).max(50).nullish(),
  expires_after: z.object({ anchor: z.literal('last_active_at'), minutes: z.int().min(1) }).nullish(),
  memory_limit: z.string().nullish(),
  network_policy: z.object({ type: z.string() }).nullish(),
  skills: z.array(z.unknown()).max(0, 'Skills cannot be given to containers here.').nullish(),
})

/** `/containers` and what is below it. */
export const containerEndpoints = (
  containers: Containers,
  files: () => FileSource | undefined,
): readonly BuiltInEndpoint[] => {
  const find = ({ tenant, params: { id = '' } }: EndpointCall): Container => {
    const found = containers.find(tenant, id)
    if (found !== undefined) return found
    throw new WireRefusal(404, `There is no container ${id}; it may have expired.`, { code: 'not_found' })
  }
  const create = async (call: EndpointCall): Promise<EndpointReply> => {
    const read = createSchema.safeParse(await call.json())
    if (!read.success) {
      const [issue] = read.error.issues
      throw new WireRefusal(400, `${issue?.path.join('.') || 'The body'}: ${issue?.message}`, {
        param: issue?.path.join('.') || null,
        code: 'invalid_value',
      })
    }
    const { name, file_ids, expires_after, memory_limit, network_policy } = read.data
    const { maxIdleMinutes, maxMemory, diskBytes } = containers.settings
    checkNetwork(network_policy, 'network_policy')
    const memory = readMemory(memory_limit, maxMemory, 'memory_limit')
    const idleMinutes = expires_after?.minutes
    if (idleMinutes !== undefined && idleMinutes > maxIdleMinutes)
      throw new WireRefusal(400, `Expected \`expires_after.minutes\` to be at most ${maxIdleMinutes} here.`, {
        param: 'expires_after.minutes',
        code: 'invalid_value',
      })
    const given = await Promise.all(
      (file_ids ?? []).map((id) =>
        fileFrom(files(), { tenant: call.tenant, id, maxBytes: diskBytes }, 'file_ids'),
      ),
    )
    const container = await containers.create(call.tenant, {
      name,
      ...(memory === undefined ? {} : { memory }),
      ...(idleMinutes === undefined ? {} : { idleMinutes }),
    })
    for (const { filename, content } of given) await container.files.put(filename, content)
    return { json: wireContainer(container) }
  }

  const endpoints: BuiltInEndpoint[] = [
    { method: 'POST', path: '/containers', handle: create },
    {
      method: 'GET',
      path: '/containers',
      handle: async ({ tenant, query }) => {
        const name = query.get('name')
        const all = containers.list(tenant).filter((each) => name === null || each.name === name)
        return { json: listPage(all, query, wireContainer) }
      },
    },
    { method: 'GET', path: '/containers/:id', handle: async (call) => ({ json: wireContainer(find(call)) }) },
    {
      method: 'DELETE',
      path: '/containers/:id',
      handle: async (call) => {
        const { id } = find(call)
        await containers.delete(call.tenant, id)
        return { json: { id, object: 'container.deleted', deleted: true } }
      },
    },
    ...fileEndpoints(find, files, containers.settings.diskBytes),
  ]
  return endpoints.map((endpoint) => ({ ...endpoint, handle: refusing(endpoint.handle) }))
}

/** A file of the tenant, whole. @throws WireRefusal when there is none, or it is too large. */
const fileFrom = async (
  source: FileSource | undefined,
  which: { readonly tenant: string; readonly id: string; readonly maxBytes: number },
  param: string,
): Promise<{ readonly filename: string; readonly content: Uint8Array }> => {
  const file = source === undefined ? undefined : await fileOf(source, which)
  if (file !== undefined) return file
  throw new WireRefusal(404, `There is no file ${which.id} of at most ${which.maxBytes} bytes.`, {
    param,
    code: 'not_found',
  })
}

const STATUS: Readonly<Record<string, number>> = {
  container_unknown: 404,
  container_file_unknown: 404,
  container_limit: 429,
  container_file_refused: 400,
}

/** What containers refuse is refused on the wire. */
const refusing =
  (handle: BuiltInEndpoint['handle']): BuiltInEndpoint['handle'] =>
  async (call) => {
    try {
      return await handle(call)
    } catch (error) {
      if (!(error instanceof InterpreterError)) throw error
      throw new WireRefusal(STATUS[error.code] ?? 400, error.message, { code: error.code })
    }
  }
