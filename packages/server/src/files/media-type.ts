import type { FileStore, StoredFile } from '@antiphon/store'

const BY_EXTENSION: Readonly<Record<string, string>> = {
  pdf: 'application/pdf',
  txt: 'text/plain',
  md: 'text/markdown',
  csv: 'text/csv',
  json: 'application/json',
  html: 'text/html',
  docx: 'application/vnd.openxmlformats-officedocument.wordprocessingml.document',
  pptx: 'application/vnd.openxmlformats-officedocument.presentationml.presentation',
  xlsx: 'application/vnd.openxmlformats-officedocument.spreadsheetml.sheet',
  png: 'image/png',
  jpg: 'image/jpeg',
  jpeg: 'image/jpeg',
  gif: 'image/gif',
  webp: 'image/webp',
}

const ANY = 'application/octet-stream'

/** The type of a file: what its sender said when that says something, else by the end of its name. */
export const mimeTypeOf = ({ mimeType = ANY, filename }: StoredFile): string => {
  const bare = (mimeType.split(';')[0] ?? '').trim().toLowerCase()
  if (bare !== ANY && /^[\w.+-]+\/[\w.+-]+$/.test(bare)) return bare
  return BY_EXTENSION[/\.([a-z]+)$/i.exec(filename)?.[1]?.toLowerCase() ?? ''] ?? ANY
}

/** The type of an image by its first bytes; undefined for what is none that models read. */
export const imageTypeOf = async (
  files: FileStore,
  { tenant, id }: StoredFile,
): Promise<string | undefined> => {
  const pieces: Uint8Array[] = []
  for await (const piece of files.read(tenant, id, { end: 12 })) pieces.push(piece)
  const head = Buffer.concat(pieces).toString('latin1')
  if (head.startsWith('\x89PNG\r\n\x1a\n')) return 'image/png'
  if (head.startsWith('\xff\xd8\xff')) return 'image/jpeg'
  if (/^GIF8[79]a/.test(head)) return 'image/gif'
  return head.startsWith('RIFF') && head.slice(8, 12) === 'WEBP' ? 'image/webp' : undefined
}
