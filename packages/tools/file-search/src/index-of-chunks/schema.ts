import type { ComponentMigration, SqlSession } from '@antiphon/store'

/** Name of the tables' version in the database. */
export const COMPONENT = 'file-search-chunks'

/** Tables of the index. A store has a number; everything else is kept under it, so that whoever knows no number of a tenant finds nothing of it. */
export const TABLES: readonly ComponentMigration[] = [
  {
    version: 1,
    statements: (session) => [
      `create table antiphon_chunk_stores (
        store_no ${serial(session)},
        tenant text not null,
        store_id text not null,
        dimensions bigint,
        vectors text not null,
        chunks bigint not null default 0,
        next_chunk bigint not null default 1,
        version bigint not null default 0,
        unique (tenant, store_id)
      )`,
      // A file is `ready` when all its chunks are there; until then, nobody finds it.
      `create table antiphon_chunk_files (
        file_no ${serial(session)},
        store_no bigint not null,
        file_id text not null,
        ready bigint not null,
        chunks bigint not null,
        attributes text not null
      )`,
      'create index antiphon_chunk_files_id on antiphon_chunk_files (store_no, file_id)',
      `create table antiphon_chunk_attributes (
        store_no bigint not null,
        key text not null,
        file_no bigint not null,
        text_value text${binary(session)},
        number_value double precision,
        boolean_value bigint,
        primary key (store_no, key, file_no)
      )`,
      'create index antiphon_chunk_attributes_text on antiphon_chunk_attributes (store_no, key, text_value)',
      'create index antiphon_chunk_attributes_number on antiphon_chunk_attributes (store_no, key, number_value)',
      'create index antiphon_chunk_attributes_file on antiphon_chunk_attributes (file_no)',
      `create table antiphon_chunks (
        store_no bigint not null,
        chunk_no bigint not null,
        file_no bigint not null,
        ordinal bigint not null,
        body text not null,
        primary key (store_no, chunk_no)
      )`,
      'create index antiphon_chunks_file on antiphon_chunks (file_no, ordinal)',
      `create table antiphon_chunk_vectors (
        file_no bigint not null,
        chunk_no bigint not null,
        store_no bigint not null,
        embedding bytea not null,
        primary key (file_no, chunk_no)
      )`,
      'create index antiphon_chunk_vectors_chunk on antiphon_chunk_vectors (store_no, chunk_no)',
      ...(session.dialect === 'postgres' ? POSTGRES_WORDS : []),
    ],
  },
]

/** On SQLite each store has a table of words of its own (FTS5), made with it. */
const POSTGRES_WORDS: readonly string[] = [
  `create table antiphon_chunk_words (
    store_no bigint not null,
    chunk_no bigint not null,
    file_no bigint not null,
    length bigint not null,
    words tsvector not null,
    primary key (store_no, chunk_no)
  )`,
  'create index antiphon_chunk_words_words on antiphon_chunk_words using gin (words)',
  'create index antiphon_chunk_words_file on antiphon_chunk_words (file_no)',
  // In how many chunks of a store a word is.
  `create table antiphon_chunk_terms (
    store_no bigint not null,
    word text collate "C" not null,
    chunks bigint not null,
    primary key (store_no, word)
  )`,
]

/** Never used twice, also after the last row has gone. */
const serial = ({ dialect }: SqlSession): string =>
  dialect === 'postgres'
    ? 'bigint generated always as identity primary key'
    : 'integer primary key autoincrement'

/** Texts are ordered by their characters on both databases, not by a language. */
const binary = ({ dialect }: SqlSession): string => (dialect === 'postgres' ? ' collate "C"' : '')

/** The values of a JSON list as a subquery: a statement with a list has one text, whatever its length. */
export const numbersOf = ({ dialect }: SqlSession): string =>
  dialect === 'postgres'
    ? '(select cast(value as bigint) from json_array_elements_text(cast(? as json)) as list(value))'
    : '(select value from json_each(?))'

/** The same for texts. */
export const textsOf = ({ dialect }: SqlSession): string =>
  dialect === 'postgres'
    ? '(select value from json_array_elements_text(cast(? as json)) as list(value))'
    : '(select value from json_each(?))'

/** The same for numbers with a fraction. */
export const decimalsOf = ({ dialect }: SqlSession): string =>
  dialect === 'postgres'
    ? '(select cast(value as double precision) from json_array_elements_text(cast(? as json)) as list(value))'
    : '(select value from json_each(?))'
