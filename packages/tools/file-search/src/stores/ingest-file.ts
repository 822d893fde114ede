import { setImmediate as breathe } from 'node:timers/promises'
import type { Sql } from '@antiphon/store'
import type { Chunk } from '../chunk/chunk.ts'
import { chunksOf } from '../chunk/chunk-text.ts'
import type { Attributes, NewChunk } from '../index-of-chunks/chunk-index.ts'
import { ParseError } from '../parse/parse-error.ts'
import { parseFile } from '../parse/parse-file.ts'
import type { ParseLimits } from '../parse/parsed-file.ts'
import type { FileRow } from './file-resource.ts'
import type { StoresHost } from './stores-host.ts'

/** Why a file is not in a store, as the wire says it. */
export class IngestFailure extends Error {
  readonly code: 'server_error' | 'unsupported_file' | 'invalid_file'

  constructor(code: IngestFailure['code'], message: string) {
    super(message)
    this.code = code
  }
}

const MAX_BYTES = 64 * 1_024 * 1_024
/** Most chunks of one file: 50,000 of 800 tokens are a library. */
const MAX_CHUNKS = 50_000
/** Chunks that are cut, or sent to the embedder, without letting others work. */
const AT_ONCE = 64

/**
 * Reads a file, cuts it, makes vectors of it and puts it into the index. Returns how many bytes it takes there.
 *
 * @throws IngestFailure for what will not be better next time; everything else may be tried again.
 */
export const ingestFile = async (
  { files, index, embedder, sql }: Pick<StoresHost, 'files' | 'index' | 'embedder' | 'sql'>,
  row: FileRow,
  limits: ParseLimits,
  signal: AbortSignal,
): Promise<number> => {
  const { tenant, store_id: storeId, id } = row
  const { text, filename } = await textOf(files, row, limits, signal)
  const chunks: Chunk[] = []
  for (const chunk of chunksOf(text, {
    ...(row.max_tokens === null ? {} : { maxTokens: row.max_tokens }),
    ...(row.overlap_tokens === null ? {} : { overlapTokens: row.overlap_tokens }),
  })) {
    chunks.push(chunk)
    if (chunks.length > MAX_CHUNKS)
      throw new IngestFailure('invalid_file', `${quoted(filename)} has more than ${MAX_CHUNKS} chunks.`)
    if (chunks.length % AT_ONCE === 0) {
      signal.throwIfAborted()
      await breathe()
    }
  }
  if (chunks.length === 0)
    throw new IngestFailure(
      'invalid_file',
      `${quoted(filename)} has no text. A scan has to be recognised first.`,
    )
  if (embedder !== undefined) await holdToModel(sql, row, embedder.model)
  const whole: NewChunk[] = []
  let bytes = 0
  for (let first = 0; first < chunks.length; first += AT_ONCE) {
    const part = chunks.slice(first, first + AT_ONCE)
    const vectors = await embedder?.embed(
      part.map((chunk) => chunk.text),
      signal,
    )
    for (const [n, chunk] of part.entries()) {
      const embedding = vectors?.[n]
      whole.push({
        text: chunk.text,
        ordinal: chunk.ordinal,
        ...(embedding === undefined ? {} : { embedding }),
      })
      bytes += Buffer.byteLength(chunk.text) + (embedding?.byteLength ?? 0)
    }
    if (embedder === undefined) await breathe()
  }
  signal.throwIfAborted()
  // Only a model that has made vectors counts.
  if (embedder !== undefined) await takeModel(sql, row, embedder.model)
  await index.add(tenant, storeId, id, whole, JSON.parse(row.attributes) as Attributes)
  return bytes
}

const takeModel = async (sql: Sql, row: FileRow, model: string): Promise<void> => {
  await sql.run(
    'update antiphon_vector_stores set embedder = ? where tenant = ? and id = ? and embedder is null',
    [model, row.tenant, row.store_id],
  )
  await holdToModel(sql, row, model)
}

/** The vectors of a store are of one model. */
const holdToModel = async (
  sql: Sql,
  { tenant, store_id: storeId }: FileRow,
  model: string,
): Promise<void> => {
  const [store] = await sql.all<{ embedder: string | null }>(
    'select embedder from antiphon_vector_stores where tenant = ? and id = ?',
    [tenant, storeId],
  )
  if ((store?.embedder ?? model) !== model)
    throw new IngestFailure(
      'server_error',
      'This vector store was filled with another embedding model. Make a new one for this model.',
    )
}

const textOf = async (
  files: StoresHost['files'],
  { tenant, id }: FileRow,
  limits: ParseLimits,
  signal: AbortSignal,
): Promise<{ readonly text: string; readonly filename: string }> => {
  const file = await files.get(tenant, id)
  if (file === undefined) throw new IngestFailure('invalid_file', 'The file was deleted before it was read.')
  const { filename } = file
  const maxBytes = limits.maxBytes ?? MAX_BYTES
  // Before any of it is in memory.
  if (file.bytes > maxBytes)
    throw new IngestFailure(
      'invalid_file',
      `${quoted(filename)} has ${file.bytes} bytes; files of more than ${maxBytes} are not searched.`,
    )
  const pieces: Uint8Array[] = []
  for await (const piece of files.read(tenant, id)) pieces.push(piece)
  try {
    const { text } = await parseFile(Buffer.concat(pieces), {
      filename,
      ...(file.mimeType === undefined ? {} : { mimeType: file.mimeType }),
      limits,
      signal,
    })
    return { text, filename }
  } catch (error) {
    throw error instanceof ParseError ? asFailure(error) : error
  }
}

const asFailure = (error: ParseError): Error => {
  switch (error.code) {
    case 'unsupported_file':
      return new IngestFailure('unsupported_file', error.message)
    case 'file_too_large':
    case 'invalid_file':
    case 'parse_timeout':
      return new IngestFailure('invalid_file', error.message)
    default:
      return error
  }
}

const quoted = (filename: string): string => JSON.stringify(filename.slice(0, 100))
