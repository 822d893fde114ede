import { type Readable, Writable } from 'node:stream'
import { Busboy } from '@fastify/busboy'
import { ServeError } from '../request/serve-error.ts'
import { fileRefusals } from './file-refusals.ts'

/** A file that is being sent in a form. */
export interface Upload {
  /** A label: whatever the sender says, without folders. */
  readonly filename: string
  readonly mimeType: string
  /** The bytes. Over when the whole form is, and then `fields` has all of it. @throws ServeError 400 for a form that is broken. */
  readonly content: AsyncIterable<Uint8Array>
  /** What else the form says, by name. */
  readonly fields: ReadonlyMap<string, string>
}

/** A form has few fields, and those are short. */
const LIMITS = { files: 1, fields: 16, parts: 20, fieldNameSize: 100, fieldSize: 16_384, headerPairs: 32, headerSize: 16_384 }

/**
 * Reads a form up to its file, which must be called `file`.
 *
 * @throws ServeError 415 for another content type, 400 for a form that is broken, too large in its parts, or without a file; what the body throws.
 */
export const readUpload = (body: AsyncIterable<Uint8Array>, contentType: string | null): Promise<Upload> => {
  if (contentType === null || !/^multipart\/form-data\s*(;|$)/i.test(contentType))
    return Promise.reject(fileRefusals.notMultipart(contentType))
  const form = formOf(contentType)
  const fields = new Map<string, string>()
  return new Promise<Upload>((resolve, reject) => {
    let file: Readable | undefined
    let failure: Error | undefined
    let over: (() => void) | undefined
    const ended = new Promise<void>((done) => {
      over = done
    })
    const fail = (error: Error): void => {
      failure ??= error instanceof ServeError ? error : fileRefusals.malformed(error.message)
      reject(failure)
      file?.destroy()
      over?.()
    }
    form.on('file', (name, stream, filename, _encoding, mimeType) => {
      // It says so by itself when the form ends within it.
      stream.on('error', fail)
      if (name !== 'file') {
        stream.resume()
        return fail(fileRefusals.field('file', `The file is expected in the field \`file\`, not in \`${String(name).slice(0, 100)}\`.`))
      }
      file = stream
      const content = contentOf(stream, ended, () => failure, () => void pumping.return())
      resolve({ filename: filename ?? 'upload', mimeType, content, fields })
    })
    form.on('field', (name, value, isNameCut, isCut) => {
      if (isNameCut || isCut) return fail(fileRefusals.malformed(`the field \`${name.slice(0, 100)}\` is too long.`))
      if (fields.has(name)) return fail(fileRefusals.field(name.slice(0, 100), `The field \`${name.slice(0, 100)}\` is there twice.`))
      fields.set(name, value)
    })
    for (const limit of ['partsLimit', 'filesLimit', 'fieldsLimit'] as const)
      form.on(limit, () =>
        fail(limit === 'filesLimit' ? fileRefusals.field('file', 'Send one file at a time.') : fileRefusals.malformed('it has too many parts.')),
      )
    form.on('error', (error) => fail(error instanceof Error ? error : new Error(String(error))))
    form.on('finish', () => {
      reject(fileRefusals.missing('file'))
      over?.()
    })
    const pumping = pump(body, form)
    pumping.next().catch((error: unknown) => fail(error as Error))
  })
}
