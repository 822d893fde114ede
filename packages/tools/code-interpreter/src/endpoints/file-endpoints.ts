import type { BuiltInEndpoint, EndpointCall } from 'antiphon'
import { WireRefusal } from 'antiphon'
import { z } from 'zod'
import type { Container } from '../containers/container.ts'
import { type FileSource, fileOf } from '../file-source.ts'
import { listPage } from './list-page.ts'
import { readUpload } from './read-upload.ts'
import { wireFile } from './wire-shapes.ts'

/** What a form has beside its file. */
const FORM_BYTES = 64 * 1024
/** A file of a form is in memory while it is put in. */
const MAX_UPLOAD_BYTES = 64 * 1024 * 1024

const byIdSchema = z.object({ file_id: z.string().min(1).max(200) })

/** `/containers/{id}/files` and what is below it. */
export const fileEndpoints = (
  find: (call: EndpointCall) => Container,
  files: () => FileSource | undefined,
  diskBytes: number,
): readonly BuiltInEndpoint[] => {
  const content = async (
    call: EndpointCall,
  ): Promise<{ readonly filename: string; readonly content: Uint8Array }> => {
    const isForm = call.headers.get('content-type')?.startsWith('multipart/form-data') === true
    if (isForm) return readUpload(call, Math.min(diskBytes, MAX_UPLOAD_BYTES) + FORM_BYTES)
    const read = byIdSchema.safeParse(await call.json())
    if (!read.success)
      throw new WireRefusal(400, 'Expected a form with a `file`, or JSON with a `file_id`.', {
        param: 'file_id',
        code: 'missing_required_parameter',
      })
    const source = files()
    const which = { tenant: call.tenant, id: read.data.file_id, maxBytes: diskBytes }
    const file = source === undefined ? undefined : await fileOf(source, which)
    if (file !== undefined) return file
    throw new WireRefusal(404, `There is no file ${which.id} that a container could take.`, {
      param: 'file_id',
      code: 'not_found',
    })
  }
  const path = '/containers/:id/files'
  return [
    {
      method: 'POST',
      path,
      handle: async (call) => {
        const container = find(call)
        const { filename, content: bytes } = await content(call)
        const file = await container.files.put(filename, bytes)
        container.touch()
        return { json: wireFile(container.id, file) }
      },
    },
    {
      method: 'GET',
      path,
      handle: async (call) => {
        const { id, files: own } = find(call)
        return { json: listPage(own.list(), call.query, (file) => wireFile(id, file)) }
      },
    },
    {
      method: 'GET',
      path: `${path}/:fileId`,
      handle: async (call) => {
        const { id, files: own } = find(call)
        return { json: wireFile(id, own.get(call.params.fileId ?? '')) }
      },
    },
    {
      method: 'GET',
      path: `${path}/:fileId/content`,
      handle: async (call) => {
        const { files: own } = find(call)
        const { id, path: name } = own.get(call.params.fileId ?? '')
        const bytes = await own.read(id)
        return {
          content: bytes,
          // Whatever code made is for saving, and for no browser to show.
          contentType: 'application/octet-stream',
          contentLength: bytes.bytes,
          filename: name.split('/').at(-1) ?? 'file',
        }
      },
    },
    {
      method: 'DELETE',
      path: `${path}/:fileId`,
      handle: async (call) => {
        const { files: own } = find(call)
        const { id } = own.get(call.params.fileId ?? '')
        await own.remove(id)
        return { json: { id, object: 'container.file.deleted', deleted: true } }
      },
    },
  ]
}
