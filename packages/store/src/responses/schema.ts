/** Responses of a server, with what belongs to them. The tenant comes first in every key: what is asked for is asked for within one. */
export const RESPONSE_TABLES: readonly string[] = [
  // `owner` is the process that runs it; `epoch` counts who has taken it.
  `create table antiphon_responses (
    tenant text not null,
    id text not null,
    status text not null,
    response text not null,
    request text not null,
    background bigint not null,
    conversation text,
    before_line text,
    before_n bigint not null,
    output_line text,
    output_n bigint not null,
    input_count bigint not null,
    epoch bigint not null,
    owner text,
    created_at bigint not null,
    updated_at bigint not null,
    expires_at bigint,
    primary key (tenant, id)
  )`,
  `create index antiphon_responses_owner on antiphon_responses (owner) where status in ('queued', 'in_progress')`,
  'create index antiphon_responses_expires on antiphon_responses (expires_at) where expires_at is not null',
  // A row holds the frames of one write: from `first` to `seq`.
  `create table antiphon_response_events (
    tenant text not null,
    response_id text not null,
    seq bigint not null,
    first bigint not null,
    frames text not null,
    primary key (tenant, response_id, seq)
  )`,
  // Which items came with which response. `at` is when the response was made.
  `create table antiphon_response_items (
    tenant text not null,
    item_id text not null,
    response_id text not null,
    at bigint not null,
    primary key (tenant, item_id, response_id)
  )`,
  'create index antiphon_response_items_response on antiphon_response_items (tenant, response_id)',
  // `key_hash` is SHA-256 of the key, so that any key fits.
  `create table antiphon_idempotency (
    tenant text not null,
    key_hash text not null,
    body_hash text not null,
    response_id text not null,
    primary key (tenant, key_hash)
  )`,
  'create index antiphon_idempotency_response on antiphon_idempotency (tenant, response_id)',
  `create table antiphon_conversations (
    tenant text not null,
    id text not null,
    metadata text not null,
    line text,
    n bigint not null,
    created_at bigint not null,
    primary key (tenant, id)
  )`,
  // `approval` is JSON: names and ids of calls come from a model, and can be any text.
  `create table antiphon_approvals (
    tenant text not null,
    id text not null,
    approval text not null,
    used_by text,
    expires_at bigint,
    primary key (tenant, id)
  )`,
  'create index antiphon_approvals_expires on antiphon_approvals (expires_at) where expires_at is not null',
]
