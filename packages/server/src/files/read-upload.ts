import { Busboy, type BusboyFileStream, type BusboyInstance } from '@fastify/busboy'
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
const LIMITS = {
  files: 1,
  fields: 16,
  parts: 20,
  fieldNameSize: 100,
  fieldSize: 16_384,
  headerPairs: 32,
  headerSize: 16_384,
}

/**
 * Reads a form up to its file, which must be called `file`.
 *
 * @throws ServeError 415 for another content type, 400 for a form that is broken, too large in its parts, or without a file; what the body throws.
 */
export const readUpload = async (
  body: AsyncIterable<Uint8Array>,
  contentType: string | null,
): Promise<Upload> => {
  const form = formOf(contentType)
  const fields = new Map<string, string>()
  const { failed, whenFailed, fail } = failureOf(form)
  form.on('field', (name: string, value: string, isNameCut: boolean, isCut: boolean) => {
    const label = String(name).slice(0, 100)
    if (isNameCut || isCut) fail(fileRefusals.malformed(`the field \`${label}\` is too long.`))
    else if (fields.has(name)) fail(fileRefusals.field(label, `The field \`${label}\` is there twice.`))
    else fields.set(name, value)
  })
  for (const limit of ['partsLimit', 'fieldsLimit'] as const)
    form.on(limit, () => fail(fileRefusals.malformed('it has too many parts.')))
  form.on('filesLimit', () => fail(fileRefusals.field('file', 'Send one file at a time.')))
  const isOver = new Promise<void>((resolve) => form.on('finish', resolve))

  const found = new Promise<Upload>((resolve) => {
    form.on(
      'file',
      (name: string, stream: BusboyFileStream, filename: string, _encoding: string, mimeType: string) => {
        // It says so by itself when the form ends within it.
        stream.on('error', fail)
        whenFailed((error) => stream.destroy(error))
        if (name !== 'file')
          return fail(
            fileRefusals.field('file', 'The file is expected in the field `file`, and in no other.'),
          )
        async function* content(): AsyncGenerator<Uint8Array> {
          try {
            for await (const piece of stream) yield piece as Uint8Array
            await Promise.race([isOver, failed])
          } catch (error) {
            throw refusalOf(error)
          } finally {
            form.destroy()
          }
        }
        resolve({ filename: filename || 'upload', mimeType, content: content(), fields })
      },
    )
  })
  pump(body, form).catch(fail)
  const none = isOver.then(() => Promise.reject(fileRefusals.missing('file')))
  none.catch(() => undefined)
  try {
    return await Promise.race([found, none, failed])
  } catch (error) {
    form.destroy()
    throw error
  }
}

const formOf = (contentType: string | null): BusboyInstance => {
  if (contentType === null || !/^multipart\/form-data\s*(;|$)/i.test(contentType))
    throw fileRefusals.notMultipart(contentType)
  try {
    return new Busboy({ headers: { 'content-type': contentType }, limits: LIMITS })
  } catch (error) {
    throw refusalOf(error)
  }
}

/** The first failure of a form, whoever finds it. */
const failureOf = (form: BusboyInstance) => {
  const listeners: ((error: Error) => void)[] = []
  let failure: Error | undefined
  let reject: (error: Error) => void
  const failed = new Promise<never>((_resolve, rejected) => {
    reject = rejected
  })
  failed.catch(() => undefined)
  const fail = (error: unknown): void => {
    if (failure !== undefined) return
    failure = refusalOf(error)
    for (const listener of listeners) listener(failure)
    reject(failure)
  }
  form.on('error', fail)
  return {
    failed,
    fail,
    whenFailed(listener: (error: Error) => void): void {
      if (failure === undefined) listeners.push(listener)
      else listener(failure)
    },
  }
}

/** Writes the body into the form as fast as that takes it, until one of them is over. */
const pump = async (body: AsyncIterable<Uint8Array>, form: BusboyInstance): Promise<void> => {
  const closed = new Promise<void>((resolve) => form.once('close', resolve))
  for await (const piece of body) {
    if (form.destroyed) return
    if (form.write(piece)) continue
    await Promise.race([closed, new Promise<void>((resolve) => form.once('drain', resolve))])
  }
  if (!form.destroyed) form.end()
}

/** The parser's errors are about the form; all others have a class of their own. */
const refusalOf = (error: unknown): Error => {
  if (error instanceof ServeError || !(error instanceof Error)) return error as Error
  return /multipart|boundary|part|header|form/i.test(error.message)
    ? fileRefusals.malformed(error.message)
    : error
}
