import type { ComponentMigration } from '@antiphon/store'

/** Name of the tables' version in the database. */
export const COMPONENT = 'vector-stores'

/** Vector stores, their files and batches. The tenant comes first in every key. */
export const TABLES: readonly ComponentMigration[] = [
  {
    version: 1,
    statements: [
      // `embedder` is the model that made the vectors: those of another one mean something else.
      `create table antiphon_vector_stores (
        tenant text not null,
        id text not null,
        name text not null,
        description text,
        metadata text not null,
        expires_days bigint,
        created_at bigint not null,
        active_at bigint not null,
        expires_at bigint,
        emptied bigint not null default 0,
        embedder text,
        primary key (tenant, id)
      )`,
      'create index antiphon_vector_stores_created on antiphon_vector_stores (tenant, created_at, id)',
      'create index antiphon_vector_stores_expires on antiphon_vector_stores (expires_at) where expires_at is not null and emptied = 0',
      // `epoch` counts how often the file was put in: who works for an older number writes nothing. `owner` is the process that works.
      `create table antiphon_vector_store_files (
        tenant text not null,
        store_id text not null,
        id text not null,
        batch_id text,
        status text not null,
        epoch bigint not null,
        owner text,
        attempts bigint not null default 0,
        not_before bigint not null default 0,
        filename text not null,
        attributes text not null,
        max_tokens bigint,
        overlap_tokens bigint,
        usage_bytes bigint not null default 0,
        error_code text,
        error_message text,
        created_at bigint not null,
        primary key (tenant, store_id, id)
      )`,
      'create index antiphon_vector_store_files_created on antiphon_vector_store_files (tenant, store_id, created_at, id)',
      'create index antiphon_vector_store_files_batch on antiphon_vector_store_files (tenant, batch_id, created_at, id) where batch_id is not null',
      `create index antiphon_vector_store_files_waiting on antiphon_vector_store_files (tenant, created_at) where status = 'in_progress'`,
      `create table antiphon_vector_store_batches (
        tenant text not null,
        id text not null,
        store_id text not null,
        cancelled bigint not null default 0,
        created_at bigint not null,
        primary key (tenant, id)
      )`,
      'create index antiphon_vector_store_batches_store on antiphon_vector_store_batches (tenant, store_id)',
    ],
  },
]
