import type { FileStore, StoredFile } from '@antiphon/store'
import { z } from 'zod'
import type { Call, Reply } from '../http/reply.ts'
import type { Route } from '../http/router.ts'
import { checkShape } from '../request/check-shape.ts'
import { unknownParameter } from '../request/parameter-refusals.ts'
import { refusals } from '../responses/refusals.ts'
import type { FileBounds } from './file-options.ts'
import { fileRefusals, toFileRefusal } from './file-refusals.ts'
import { withinIdle } from './idle-limit.ts'
import { readUpload } from './read-upload.ts'
import { uploadLabels } from './upload-labels.ts'

/** What the endpoints of files work with. */
export interface FilesHost {
  readonly files: FileStore
  readonly fileBounds: FileBounds
  readonly onError: (error: unknown, about: { readonly tenant?: string }) => void
}

/** A file as the wire has it. */
interface FileResource {
  readonly id: string
  readonly object: 'file'
  readonly bytes: number
  readonly created_at: number
  readonly expires_at?: number
  readonly filename: string
  readonly purpose: string
  readonly status: 'processed'
}

const resourceOf = ({ id, bytes, createdAt, expiresAt, filename, purpose }: StoredFile): FileResource => ({
  id,
  object: 'file',
  bytes,
  created_at: Math.floor(createdAt / 1_000),
  ...(expiresAt === undefined ? {} : { expires_at: Math.floor(expiresAt / 1_000) }),
  filename,
  purpose,
  status: 'processed',
})

const listSchema = z.object({
  // No database takes a NUL.
  purpose: z
    .string()
    .max(255)
    .regex(/^[^\0]*$/)
    .optional(),
  limit: z.int().min(1).max(10_000).optional(),
  order: z.enum(['asc', 'desc']).optional(),
  after: z.string().max(255).optional(),
})

/** The endpoints of files: `/files`, `/files/:id`, `/files/:id/content`. */
export const fileRoutes = (open: () => Promise<FilesHost>): readonly Route[] => {
  const uploads = new Map<string, number>()
  let tidiedAt = Number.NEGATIVE_INFINITY

  /** Now and then, behind an answer: what has expired cannot be found anyway, but takes room. */
  const tidy = ({ files, onError }: FilesHost): void => {
    if (performance.now() - tidiedAt < TIDY_MS) return
    tidiedAt = performance.now()
    files.removeExpired().catch((error: unknown) => onError(error, {}))
  }

  const create = async (call: Call): Promise<Reply> => {
    const host = await open()
    const { uploadsAtOnce, uploadIdleMs, maxTenantBytes, maxTenantFiles } = host.fileBounds
    const { tenant } = call.principal
    const underWay = uploads.get(tenant) ?? 0
    if (underWay >= uploadsAtOnce) throw fileRefusals.tooMany(uploadsAtOnce)
    uploads.set(tenant, underWay + 1)
    try {
      const body = withinIdle(call.body(), uploadIdleMs, () => fileRefusals.tooSlow(uploadIdleMs))
      const { filename, mimeType, content, fields } = await readUpload(body, call.headers.get('content-type'))
      const file = await host.files.put(
        { tenant, filename, mimeType, purpose: 'user_data' },
        content,
        { maxBytes: MAX_FILE_BYTES, maxTenantBytes, maxTenantFiles },
        (createdAt) => uploadLabels(fields, createdAt),
      )
      tidy(host)
      return json(resourceOf(file))
    } catch (error) {
      throw toFileRefusal(error)
    } finally {
      const left = (uploads.get(tenant) ?? 1) - 1
      if (left === 0) uploads.delete(tenant)
      else uploads.set(tenant, left)
    }
  }

  const list = async ({ principal, query }: Call): Promise<Reply> => {
    const { limit = 10_000, after, ...options } = listQuery(query)
    const host = await open()
    tidy(host)
    const found = await host.files.list(principal.tenant, {
      ...options,
      ...(after === undefined ? {} : { after }),
      limit: limit + 1,
    })
    if (found === undefined) throw refusals.noSuchCursor(after ?? '', 'after')
    const data = found.slice(0, limit).map(resourceOf)
    return json({
      object: 'list',
      data,
      has_more: found.length > limit,
      first_id: data[0]?.id ?? null,
      last_id: data.at(-1)?.id ?? null,
    })
  }

  const find = async ({ principal: { tenant }, params: { id = '' } }: Call) => {
    const host = await open()
    const file = await host.files.get(tenant, id)
    if (file === undefined) throw fileRefusals.noSuchFile(id)
    return { files: host.files, file }
  }

  const content = async (call: Call): Promise<Reply> => {
    const { files, file } = await find(call)
    return {
      kind: 'content',
      status: 200,
      content: file.bytes === 0 ? new Uint8Array() : files.read(file.tenant, file.id),
      headers: {
        // What somebody has sent is nothing for a browser to run or to guess at.
        'content-type': 'application/octet-stream',
        'x-content-type-options': 'nosniff',
        'content-length': String(file.bytes),
        'content-disposition': `attachment; filename*=UTF-8''${encodeURIComponent(file.filename)}`,
      },
    }
  }

  const remove = async ({ principal: { tenant }, params: { id = '' } }: Call): Promise<Reply> => {
    const { files } = await open()
    if (!(await files.delete(tenant, id))) throw fileRefusals.noSuchFile(id)
    return json({ id, object: 'file', deleted: true })
  }

  return [
    { method: 'POST', path: '/files', handle: create },
    { method: 'GET', path: '/files', handle: list },
    { method: 'GET', path: '/files/:id', handle: async (call) => json(resourceOf((await find(call)).file)) },
    { method: 'GET', path: '/files/:id/content', handle: content },
    { method: 'DELETE', path: '/files/:id', handle: remove },
  ]
}

/** The wire's own bound. */
const MAX_FILE_BYTES = 512 * 1_048_576
const TIDY_MS = 600_000

const json = (body: object): Reply => ({ kind: 'json', status: 200, body })

const listQuery = (query: URLSearchParams): z.infer<typeof listSchema> => {
  const fields: Record<string, unknown> = {}
  for (const [name, text] of query) {
    if (!(name in listSchema.shape)) throw unknownParameter(name)
    fields[name] = name === 'limit' && /^-?\d{1,15}$/.test(text) ? Number(text) : text
  }
  checkShape(listSchema, fields)
  return fields
}
