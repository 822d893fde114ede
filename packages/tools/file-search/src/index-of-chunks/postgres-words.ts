import type { SqlSession } from '@antiphon/store'
import { numbersOf, textsOf } from './schema.ts'
import type { Hit } from './top-hits.ts'
import {
  B,
  type ChunkWords,
  K1,
  mostPossible,
  type Term,
  tellingTerms,
  type WordIndex,
  weightOf,
} from './word-index.ts'

/** Chunks that are looked at for one question: Postgres unpacks the words of each. */
const MAX_RANKED = 4_000
/** Chunks whose words are counted, of those that have the weightiest. */
const COUNTED = 300
/** Postgres keeps no place of a word beyond this, and no more than 256 places. */
const LAST_PLACE = 16_383
const MOST_PLACES = 256

/**
 * Words as `tsvector`s, made here and not by a language of Postgres, so that both databases find the same. Postgres knows no BM25: in how many chunks a word is, is
 * counted along, and the rest is a statement.
 */
export const postgresWords = (): WordIndex => ({
  async create() {},

  async drop(session, storeNo) {
    await session.run('delete from antiphon_chunk_words where store_no = ?', [storeNo])
    await session.run('delete from antiphon_chunk_terms where store_no = ?', [storeNo])
  },

  async add(session, storeNo, fileNo, chunks) {
    await session.run(
      `insert into antiphon_chunk_words (store_no, chunk_no, file_no, length, words)
       select ?, n, ?, l, cast(w as tsvector) from json_to_recordset(cast(? as json)) as list(n bigint, l bigint, w text)`,
      [storeNo, fileNo, JSON.stringify(chunks.map(row))],
    )
    const counts = new Map<string, number>()
    for (const { words } of chunks)
      for (const word of new Set(words)) counts.set(word, (counts.get(word) ?? 0) + 1)
    // In one order for all, so that nobody waits for somebody who waits for him.
    await session.run(
      `insert into antiphon_chunk_terms (store_no, word, chunks)
       select ?, w, n from json_to_recordset(cast(? as json)) as list(w text, n bigint) order by w collate "C"
       on conflict (store_no, word) do update set chunks = antiphon_chunk_terms.chunks + excluded.chunks`,
      [storeNo, JSON.stringify([...counts].map(([w, n]) => ({ w, n })))],
    )
  },

  async remove(session, storeNo, fileNo) {
    await session.run(
      `with gone as (
         select u.lexeme as word, count(*) as n from antiphon_chunk_words c, unnest(c.words) u where c.file_no = ? group by 1
       ), held as (
         select t.word from antiphon_chunk_terms t where t.store_no = ? and t.word in (select word from gone) order by t.word for update
       )
       update antiphon_chunk_terms t set chunks = t.chunks - gone.n from gone, held
       where t.store_no = ? and t.word = gone.word and held.word = gone.word`,
      [fileNo, storeNo, storeNo],
    )
    await session.run('delete from antiphon_chunk_words where file_no = ?', [fileNo])
  },

  async search(sql, store, { words, files, limit }) {
    if (words.length === 0) return []
    const terms = await sql.all<Term>(
      `select word, chunks from antiphon_chunk_terms where store_no = ? and chunks > 0 and word in ${textsOf(sql)}`,
      [store.store_no, JSON.stringify(words)],
    )
    const telling = tellingTerms(terms, MAX_RANKED)
    if (telling.length === 0) return []
    const weighed = telling.map(({ word, chunks }) => ({
      word,
      weight: weightOf(chunks, store.chunks),
    }))
    const rows = await ranked(sql, store.store_no, weighed, files, limit)
    const most = mostPossible(words, terms, store.chunks)
    return rows.map(({ chunk_no, score }): Hit => ({ chunkNo: chunk_no, score: Math.min(score / most, 1) }))
  },
})

/** `'word':1,5 'other':2`: words have letters and digits only, so there is nothing to quote in them. */
const row = ({ chunkNo, words }: ChunkWords): { n: number; l: number; w: string } => {
  const places = new Map<string, number[]>()
  for (const [index, word] of words.entries()) {
    const at = places.get(word)
    if (at === undefined) places.set(word, [Math.min(index + 1, LAST_PLACE)])
    else if (at.length < MOST_PLACES && index < LAST_PLACE) at.push(index + 1)
  }
  return {
    n: chunkNo,
    l: words.length,
    w: [...places].map(([word, at]) => `'${word}':${at.join(',')}`).join(' '),
  }
}

const ranked = (
  sql: SqlSession,
  storeNo: number,
  terms: readonly { word: string; weight: number }[],
  files: ReadonlySet<number> | undefined,
  limit: number,
): Promise<{ chunk_no: number; score: number }[]> => {
  const any = terms.map(({ word }) => `'${word}'`).join(' | ')
  return sql.all(
    `with terms as materialized (
       select word, weight, cast('''' || word || '''' as tsquery) as query
       from json_to_recordset(cast(? as json)) as list(word text, weight double precision)
     ), near as materialized (
       select c.chunk_no, c.length, c.words, (select sum(t.weight) from terms t where c.words @@ t.query) as rough
       from antiphon_chunk_words c
       where c.store_no = ? and c.words @@ cast(? as tsquery) ${files === undefined ? '' : `and c.file_no in ${numbersOf(sql)}`}
       order by rough desc, c.chunk_no limit ?
     ), typical as (
       select greatest(avg(length), 1) as length from antiphon_chunk_words where store_no = ?
     )
     select n.chunk_no, sum(t.weight * f.n * ${K1 + 1} / (f.n + ${K1} * (1 - ${B} + ${B} * n.length / typical.length))) as score
     from near n cross join typical cross join lateral (
       select u.lexeme, coalesce(array_length(u.positions, 1), 1) as n from unnest(n.words) u
     ) f join terms t on t.word = f.lexeme
     group by n.chunk_no order by score desc, n.chunk_no limit ?`,
    [
      JSON.stringify(terms),
      storeNo,
      any,
      ...(files === undefined ? [] : [JSON.stringify([...files])]),
      Math.max(COUNTED, limit),
      storeNo,
      limit,
    ],
  )
}
