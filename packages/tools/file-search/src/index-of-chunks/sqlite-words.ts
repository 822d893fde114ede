import type { SqlSession } from '@antiphon/store'
import { numbersOf, textsOf } from './schema.ts'
import type { StoreRow } from './store-row.ts'
import type { Hit } from './top-hits.ts'
import { mostPossible, type Term, tellingTerms, type WordIndex } from './word-index.ts'

/** Chunks that are ranked for one question: some 5 ms. */
const MAX_RANKED = 8_000
/** Stores, and words of each, whose counts are kept: to count a word anew is to go through all chunks that have it. */
const MAX_COUNTED_STORES = 64
const MAX_COUNTED_WORDS = 10_000

/**
 * Words in SQLite's FTS5, a table for each store: what a word weighs depends on nothing outside of the store, and a question costs nothing for what others have. The table
 * gets words that are made already, and keeps no text.
 */
export const sqliteWords = (): WordIndex => {
  const counts = new Map<number, Counts>()
  return {
    async create(session, storeNo) {
      const name = table(storeNo)
      await session.run(
        `create virtual table ${name} using fts5 (words, content = '', contentless_delete = 1, tokenize = 'ascii')`,
      )
      await session.run(`create virtual table ${name}_terms using fts5vocab (${name}, row)`)
    },

    async drop(session, storeNo) {
      await session.run(`drop table ${table(storeNo)}_terms`)
      await session.run(`drop table ${table(storeNo)}`)
    },

    async add(session, storeNo, _fileNo, chunks) {
      const insert = `insert into ${table(storeNo)} (rowid, words) values (?, ?)`
      for (const { chunkNo, words } of chunks) await session.run(insert, [chunkNo, words.join(' ')])
    },

    async remove(session, storeNo, fileNo) {
      await session.run(
        `delete from ${table(storeNo)} where rowid in (select chunk_no from antiphon_chunks where file_no = ?)`,
        [fileNo],
      )
    },

    async search(sql, store, { words, files, limit }) {
      if (words.length === 0) return []
      const name = table(store.store_no)
      const terms = await countWords(sql, countsOf(counts, store), name, words)
      const telling = tellingTerms(terms, MAX_RANKED)
      if (telling.length === 0) return []
      // A word has letters and digits only, and stands in quotes: there is no way to write an operator.
      const match = telling.map(({ word }) => `"${word}"`).join(' OR ')
      const most = mostPossible(words, terms, store.chunks)
      const rows = await ranked(sql, name, match, files, limit, store.store_no)
      return rows.map(({ chunk_no, rank }): Hit => ({ chunkNo: chunk_no, score: Math.min(-rank / most, 1) }))
    },
  }
}

/** In how many chunks of a store words are, at one of its versions. */
interface Counts {
  readonly version: number
  readonly chunks: number
  readonly words: Map<string, number>
}

const countsOf = (counts: Map<number, Counts>, { store_no, version, chunks }: StoreRow): Counts => {
  const known = counts.get(store_no)
  if (known !== undefined && known.version === version && known.chunks === chunks) return known
  counts.delete(store_no)
  for (const oldest of counts.keys()) {
    if (counts.size < MAX_COUNTED_STORES) break
    counts.delete(oldest)
  }
  const fresh = { version, chunks, words: new Map<string, number>() }
  counts.set(store_no, fresh)
  return fresh
}

const countWords = async (
  sql: SqlSession,
  { words: known }: Counts,
  name: string,
  words: readonly string[],
): Promise<Term[]> => {
  const missing = words.filter((word) => !known.has(word))
  if (missing.length > 0) {
    const found = await sql.all<Term>(
      `select term as word, doc as chunks from ${name}_terms where term in ${textsOf(sql)}`,
      [JSON.stringify(missing)],
    )
    for (const word of missing) known.set(word, 0)
    for (const { word, chunks } of found) known.set(word, chunks)
  }
  const terms = words.map((word) => ({ word, chunks: known.get(word) ?? 0 }))
  if (known.size > MAX_COUNTED_WORDS) known.clear()
  return terms
}

const ranked = (
  sql: SqlSession,
  name: string,
  match: string,
  files: ReadonlySet<number> | undefined,
  limit: number,
  storeNo: number,
): Promise<{ chunk_no: number; rank: number }[]> =>
  files === undefined
    ? sql.all(`select rowid as chunk_no, rank from ${name} where ${name} match ? order by rank limit ?`, [
        match,
        limit,
      ])
    : sql.all(
        `select f.rowid as chunk_no, f.rank as rank from ${name} f join antiphon_chunks c on c.store_no = ? and c.chunk_no = f.rowid
         where ${name} match ? and c.file_no in ${numbersOf(sql)} order by f.rank limit ?`,
        [storeNo, match, JSON.stringify([...files]), limit],
      )

/** Of a number that the database has given. */
const table = (storeNo: number): string => {
  if (!Number.isSafeInteger(storeNo)) throw new TypeError(`No number of a store: ${storeNo}`)
  return `antiphon_chunk_words_${storeNo}`
}
