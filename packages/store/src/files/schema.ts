/** Files of a server. The tenant comes first in every key. */
export const FILE_TABLES: readonly string[] = [
  // `status`: `coming`, `ready`, or `going` while its pieces are removed. `owner` is the process that writes it.
  `create table antiphon_files (
    tenant text not null,
    id text not null,
    status text not null,
    owner text,
    filename text not null,
    purpose text not null,
    mime_type text,
    bytes bigint not null,
    sha256 text not null,
    created_at bigint not null,
    expires_at bigint,
    primary key (tenant, id)
  )`,
  'create index antiphon_files_created on antiphon_files (tenant, created_at, id)',
  'create index antiphon_files_expires on antiphon_files (expires_at) where expires_at is not null',
  `create index antiphon_files_unready on antiphon_files (status, tenant, id) where status <> 'ready'`,
  `create table antiphon_file_pieces (
    tenant text not null,
    file_id text not null,
    n bigint not null,
    body bytea not null,
    primary key (tenant, file_id, n)
  )`,
  // What a tenant has, those that are coming included.
  `create table antiphon_file_usage (
    tenant text primary key,
    files bigint not null,
    bytes bigint not null
  )`,
]
