import { FileStoreError } from '@antiphon/store'
import { ServeError } from '../request/serve-error.ts'

const invalid = (
  status: number,
  message: string,
  param: string | null = null,
  code: string | null = null,
): ServeError => new ServeError(status, { message, type: 'invalid_request_error', param, code })

/** What requests about files are refused with. */
export const fileRefusals = {
  noSuchFile: (id: string): ServeError => invalid(404, `No such File object: ${id.slice(0, 100)}`, 'id'),
  notMultipart: (given: string | null): ServeError =>
    invalid(
      415,
      `A file is sent as multipart/form-data with the fields \`file\` and \`purpose\`${given === null ? '' : `, not as '${given.slice(0, 100)}'`}.`,
      null,
      'unsupported_content_type',
    ),
  malformed: (what: string): ServeError =>
    invalid(400, `The multipart body cannot be read: ${what}`, null, 'invalid_multipart'),
  field: (name: string, message: string): ServeError => invalid(400, message, name, 'invalid_value'),
  missing: (name: string): ServeError =>
    invalid(400, `Missing required parameter: '${name}'.`, name, 'missing_required_parameter'),
  tooSlow: (idleMs: number): ServeError =>
    invalid(408, `Nothing of the upload has come for ${idleMs} ms. Send it again.`, null, 'upload_timeout'),
  tooMany: (atOnce: number): ServeError =>
    new ServeError(429, {
      message: `${atOnce} uploads are under way already. Wait for one of them.`,
      type: 'rate_limit_error',
      code: 'too_many_uploads',
      headers: { 'retry-after': '1' },
    }),
  notInput: (id: string, param: string): ServeError =>
    invalid(400, `File with id '${id.slice(0, 100)}' not found.`, param, 'invalid_file_id'),
  inputTooLarge: (maxBytes: number, param: string): ServeError =>
    invalid(
      400,
      `The files of this request are larger than ${maxBytes} bytes together. Refer to fewer, or search them (\`file_search\`).`,
      param,
      'input_files_too_large',
    ),
  noImage: (id: string, param: string): ServeError =>
    invalid(400, `File '${id}' is no PNG, JPEG, GIF or WebP image.`, param, 'invalid_image'),
} as const

/** What a store of files refuses, as the wire says it; everything else as it is. */
export const toFileRefusal = (error: unknown): unknown => {
  if (!(error instanceof FileStoreError)) return error
  switch (error.code) {
    case 'file_too_large':
      return invalid(413, error.message, 'file', 'file_too_large')
    case 'file_quota':
      return invalid(413, error.message, 'file', 'storage_quota_exceeded')
    case 'file_unknown':
      return invalid(404, error.message, 'id')
  }
}
