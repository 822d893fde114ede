import { setImmediate as breathe } from 'node:timers/promises'
import type { SqlSession } from '@antiphon/store'
import { numbersOf } from './schema.ts'
import type { StoreRow } from './store-row.ts'
import { byScore, type Hit } from './top-hits.ts'
import { bytesToVector } from './vector-bytes.ts'
import type { VectorIndex } from './vector-index.ts'
import { VectorMatrix } from './vector-matrix.ts'

/** Rows that are read at once. */
const PAGE_ROWS = 1_000

/** The vectors of a store, as far as they are known. */
interface Known {
  version: number
  matrix: VectorMatrix
  files: ReadonlySet<number>
  loading: Promise<void> | undefined
}

/**
 * Vectors in the memory of the process, store by store: read at the first question, kept until others need the room, and completed when files have come or gone, also by
 * other processes. A store that is larger than all the room is read for each question, piece by piece.
 */
export const vectorCache = (sql: SqlSession, maxBytes: number): VectorIndex => {
  /** The one that was asked last is the last. */
  const known = new Map<number, Known>()

  const makeRoom = (except: number): void => {
    let bytes = 0
    for (const { matrix } of known.values()) bytes += matrix.bytes
    for (const [storeNo, { matrix }] of known) {
      if (bytes <= maxBytes) return
      if (storeNo === except) continue
      known.delete(storeNo)
      bytes -= matrix.bytes
    }
  }

  const upToDate = async (store: StoreRow, dimensions: number): Promise<Known> => {
    let entry = known.get(store.store_no)
    if (entry === undefined) {
      entry = { version: -1, matrix: new VectorMatrix(dimensions), files: new Set(), loading: undefined }
    } else known.delete(store.store_no)
    known.set(store.store_no, entry)
    while (entry.version < store.version) {
      entry.loading ??= load(sql, store, dimensions, entry).finally(() => {
        if (entry !== undefined) entry.loading = undefined
      })
      await entry.loading
    }
    makeRoom(store.store_no)
    return entry
  }

  return {
    async search(store, { embedding, files, limit, pause }) {
      const dimensions = embedding.length
      const rough = roughly(limit)
      let hits: Hit[] = []
      if (store.chunks * VectorMatrix.bytesPerRow(dimensions) <= maxBytes) {
        const entry = await upToDate(store, dimensions)
        const there = entry.files
        const counts = (fileNo: number): boolean => there.has(fileNo) && (files?.has(fileNo) ?? true)
        hits = await entry.matrix.best(embedding, { counts, limit: rough, pause })
      } else {
        for await (const matrix of piecewise(sql, store, dimensions)) {
          const counts = (fileNo: number): boolean => files?.has(fileNo) ?? true
          const more = await matrix.best(embedding, { counts, limit: rough, pause })
          hits = [...hits, ...more].sort(byScore).slice(0, rough)
        }
      }
      return exactly(sql, store.store_no, embedding, hits, limit)
    },
    forget(storeNo) {
      if (storeNo === undefined) known.clear()
      else known.delete(storeNo)
    },
  }
}

/** How many rows are looked at in full for a number of hits: a byte for a number moves a row by a few places. */
const roughly = (limit: number): number => limit + 64

const exactly = async (
  sql: SqlSession,
  storeNo: number,
  query: Float32Array,
  hits: readonly Hit[],
  limit: number,
): Promise<Hit[]> => {
  const rows = await sql.all<{ chunk_no: number; embedding: Uint8Array }>(
    `select chunk_no, embedding from antiphon_chunk_vectors where store_no = ? and chunk_no in ${numbersOf(sql)}`,
    [storeNo, JSON.stringify(hits.map(({ chunkNo }) => chunkNo))],
  )
  return rows
    .map(({ chunk_no, embedding }) => ({ chunkNo: chunk_no, score: dot(query, bytesToVector(embedding)) }))
    .sort(byScore)
    .slice(0, limit)
}

const dot = (a: Float32Array, b: Float32Array): number => {
  let sum = 0
  for (let at = 0; at < a.length; at++) sum += (a[at] as number) * (b[at] as number)
  return Math.min(sum, 1)
}

interface FileRow {
  readonly file_no: number
  readonly chunks: number
}

/** Reads what has come since, and forgets what has gone. */
const load = async (sql: SqlSession, store: StoreRow, dimensions: number, entry: Known): Promise<void> => {
  // The version is read first: what comes between the two statements is read once more at the next question.
  const [at] = await sql.all<{ version: number }>(
    'select version from antiphon_chunk_stores where store_no = ?',
    [store.store_no],
  )
  const files = await readyFiles(sql, store.store_no)
  const now = new Set(files.map(({ file_no }) => file_no))
  const gone =
    files.length === 0 || [...entry.files].filter((file) => !now.has(file)).length > entry.files.size / 2
  const matrix = gone ? new VectorMatrix(dimensions) : entry.matrix
  const missing = gone ? files : files.filter(({ file_no }) => !entry.files.has(file_no))
  for (const numbers of pages(missing)) {
    for (const row of await vectorRows(sql, numbers))
      matrix.add(row.chunk_no, row.file_no, bytesToVector(row.embedding))
    await breathe()
  }
  entry.matrix = matrix
  entry.files = now
  entry.version = Math.max(at?.version ?? store.version, store.version)
}

/** A store that is not kept, in matrices of a bounded size. */
async function* piecewise(
  sql: SqlSession,
  store: StoreRow,
  dimensions: number,
): AsyncGenerator<VectorMatrix> {
  for (const numbers of pages(await readyFiles(sql, store.store_no))) {
    const matrix = new VectorMatrix(dimensions)
    for (const row of await vectorRows(sql, numbers))
      matrix.add(row.chunk_no, row.file_no, bytesToVector(row.embedding))
    yield matrix
  }
}

const readyFiles = (sql: SqlSession, storeNo: number): Promise<FileRow[]> =>
  sql.all<FileRow>(
    'select file_no, chunks from antiphon_chunk_files where store_no = ? and ready = 1 order by file_no',
    [storeNo],
  )

/** Files in groups of so many chunks that one statement may read. */
function* pages(files: readonly FileRow[]): Generator<number[]> {
  let numbers: number[] = []
  let rows = 0
  for (const { file_no, chunks } of files) {
    if (numbers.length > 0 && rows + chunks > PAGE_ROWS) {
      yield numbers
      numbers = []
      rows = 0
    }
    numbers.push(file_no)
    rows += chunks
  }
  if (numbers.length > 0) yield numbers
}

const vectorRows = (
  sql: SqlSession,
  files: readonly number[],
): Promise<{ chunk_no: number; file_no: number; embedding: Uint8Array }[]> =>
  sql.all(
    `select chunk_no, file_no, embedding from antiphon_chunk_vectors where file_no in ${numbersOf(sql)} order by file_no, chunk_no`,
    [JSON.stringify(files)],
  )
