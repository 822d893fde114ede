import type { SqlSession } from '@antiphon/store'
import type { Attributes } from './chunk-index.ts'
import { addPgVectors } from './pg-vectors.ts'
import { plainText } from './plain-text.ts'
import type { StoreRow, VectorsIn } from './store-row.ts'
import { vectorToBytes } from './vector-bytes.ts'
import type { WordIndex } from './word-index.ts'

/** A chunk on its way into the tables. */
export interface ChunkRow {
  readonly ordinal: number
  readonly body: string
  readonly words: readonly string[]
  readonly embedding?: Float32Array
}

/** Begins a file, which nobody finds yet; returns its number. What another attempt has left of it goes. */
export const beginFile = async (
  session: SqlSession,
  storeNo: number,
  fileId: string,
  { chunks, attributes, words }: { chunks: number; attributes: Attributes; words: WordIndex },
): Promise<number> => {
  const left = await session.all<{ file_no: number }>(
    'select file_no from antiphon_chunk_files where store_no = ? and file_id = ? and ready = 0',
    [storeNo, fileId],
  )
  for (const { file_no } of left) await removeFileRows(session, storeNo, file_no, words)
  const [row] = await session.all<{ file_no: number }>(
    `insert into antiphon_chunk_files (store_no, file_id, ready, chunks, attributes) values (?, ?, 0, ?, '{}') returning file_no`,
    [storeNo, fileId, chunks],
  )
  const fileNo = row?.file_no as number
  await writeAttributes(session, storeNo, fileNo, attributes)
  return fileNo
}

/** Puts some chunks of a file in. */
export const addChunkRows = async (
  session: SqlSession,
  { storeNo, fileNo, vectors }: { storeNo: number; fileNo: number; vectors: VectorsIn },
  rows: readonly ChunkRow[],
  words: WordIndex,
): Promise<void> => {
  const [counter] = await session.all<{ next_chunk: number }>(
    'update antiphon_chunk_stores set next_chunk = next_chunk + ?, chunks = chunks + ? where store_no = ? returning next_chunk',
    [rows.length, rows.length, storeNo],
  )
  const first = (counter?.next_chunk ?? 0) - rows.length
  const numbered = rows.map((row, index) => ({ ...row, chunkNo: first + index }))
  await insertBodies(session, storeNo, fileNo, numbered)
  await words.add(session, storeNo, fileNo, numbered)
  const withVectors = numbered.flatMap(({ chunkNo, embedding }) =>
    embedding === undefined ? [] : [{ chunkNo, embedding }],
  )
  if (vectors === 'pgvector') await addPgVectors(session, storeNo, fileNo, withVectors)
  else
    for (const { chunkNo, embedding } of withVectors)
      await session.run(
        'insert into antiphon_chunk_vectors (file_no, chunk_no, store_no, embedding) values (?, ?, ?, ?)',
        [fileNo, chunkNo, storeNo, vectorToBytes(embedding)],
      )
}

const insertBodies = async (
  session: SqlSession,
  storeNo: number,
  fileNo: number,
  rows: readonly { chunkNo: number; ordinal: number; body: string }[],
): Promise<void> => {
  if (session.dialect === 'postgres') {
    await session.run(
      `insert into antiphon_chunks (store_no, chunk_no, file_no, ordinal, body)
       select ?, n, ?, o, b from json_to_recordset(cast(? as json)) as list(n bigint, o bigint, b text)`,
      [
        storeNo,
        fileNo,
        JSON.stringify(rows.map(({ chunkNo, ordinal, body }) => ({ n: chunkNo, o: ordinal, b: body }))),
      ],
    )
    return
  }
  for (const { chunkNo, ordinal, body } of rows)
    await session.run(
      'insert into antiphon_chunks (store_no, chunk_no, file_no, ordinal, body) values (?, ?, ?, ?, ?)',
      [storeNo, chunkNo, fileNo, ordinal, body],
    )
}

/** Lets a file be found, in the place of what it was before. False when somebody else has begun it anew. */
export const finishFile = async (
  session: SqlSession,
  storeNo: number,
  fileId: string,
  fileNo: number,
  words: WordIndex,
): Promise<boolean> => {
  if ((await session.run('update antiphon_chunk_files set ready = 1 where file_no = ?', [fileNo])) === 0)
    return false
  const before = await session.all<{ file_no: number }>(
    'select file_no from antiphon_chunk_files where store_no = ? and file_id = ? and ready = 1 and file_no <> ?',
    [storeNo, fileId, fileNo],
  )
  for (const { file_no } of before) await removeFileRows(session, storeNo, file_no, words)
  await newVersion(session, storeNo)
  return true
}

/** Caches of other processes see by it that files have come or gone. */
export const newVersion = async (session: SqlSession, storeNo: number): Promise<void> => {
  await session.run('update antiphon_chunk_stores set version = version + 1 where store_no = ?', [storeNo])
}

/** Takes everything of a file out of the tables. */
export const removeFileRows = async (
  session: SqlSession,
  storeNo: number,
  fileNo: number,
  words: WordIndex,
): Promise<void> => {
  await words.remove(session, storeNo, fileNo)
  await removeVectors(session, 'file_no', fileNo)
  const removed = await session.run('delete from antiphon_chunks where file_no = ?', [fileNo])
  await session.run('delete from antiphon_chunk_attributes where file_no = ?', [fileNo])
  await session.run('delete from antiphon_chunk_files where file_no = ?', [fileNo])
  await session.run('update antiphon_chunk_stores set chunks = chunks - ? where store_no = ?', [
    removed,
    storeNo,
  ])
}

/** Takes everything of a store out of the tables. */
export const removeStoreRows = async (
  session: SqlSession,
  { store_no }: StoreRow,
  words: WordIndex,
): Promise<void> => {
  await words.drop(session, store_no)
  await removeVectors(session, 'store_no', store_no)
  for (const table of ['chunks', 'chunk_attributes', 'chunk_files', 'chunk_stores'])
    await session.run(`delete from antiphon_${table} where store_no = ?`, [store_no])
}

const removeVectors = async (
  session: SqlSession,
  column: 'file_no' | 'store_no',
  number: number,
): Promise<void> => {
  await session.run(`delete from antiphon_chunk_vectors where ${column} = ?`, [number])
  if (session.dialect === 'sqlite') return
  const [there] = await session.all<{ n: number }>(
    `select count(*) as n from pg_class where oid = to_regclass('antiphon_chunk_halfvecs')`,
  )
  if (there?.n === 1) await session.run(`delete from antiphon_chunk_halfvecs where ${column} = ?`, [number])
}

/** Replaces the attributes of a file. */
export const writeAttributes = async (
  session: SqlSession,
  storeNo: number,
  fileNo: number,
  attributes: Attributes,
): Promise<void> => {
  await session.run('delete from antiphon_chunk_attributes where file_no = ?', [fileNo])
  for (const [key, value] of Object.entries(attributes))
    await session.run(
      'insert into antiphon_chunk_attributes (store_no, key, file_no, text_value, number_value, boolean_value) values (?, ?, ?, ?, ?, ?)',
      [
        storeNo,
        plainText(key),
        fileNo,
        typeof value === 'string' ? plainText(value) : null,
        typeof value === 'number' ? value : null,
        typeof value === 'boolean' ? Number(value) : null,
      ],
    )
  await session.run('update antiphon_chunk_files set attributes = ? where file_no = ?', [
    plainText(JSON.stringify(attributes)),
    fileNo,
  ])
}
