/**
 * Histories are lines of turns. A turn is what was added at once; turn `n` of a line follows turn `n − 1`, and the first one of a line follows turn `fork_at` of its
 * parent. Nothing is rewritten: a history that goes on from a turn which has a follower becomes a line of its own.
 */
export const SESSION_TABLES: readonly string[] = [
  // `count` items are in the turn, `total` up to its end. `large` is who refers to its blob, when it has one.
  `create table antiphon_turns (
    line text not null,
    n bigint not null,
    items text not null,
    count bigint not null,
    total bigint not null,
    large text,
    primary key (line, n)
  )`,
  // Lines of sessions are deleted with the last session on them; others belong to whoever knows their points.
  `create table antiphon_lines (
    line text primary key,
    parent text,
    fork_at bigint not null,
    session bigint not null,
    foreign key (parent, fork_at) references antiphon_turns (line, n)
  )`,
  'create index antiphon_lines_parent on antiphon_lines (parent, fork_at) where parent is not null',
  // `line` and `n` are its last turn; `token` is who holds it: another one each time it is opened.
  `create table antiphon_sessions (
    id text primary key,
    line text,
    n bigint not null,
    total bigint not null,
    created_at bigint not null,
    updated_at bigint not null,
    run_id text,
    owner text,
    token text,
    foreign key (line, n) references antiphon_turns (line, n)
  )`,
  'create index antiphon_sessions_line on antiphon_sessions (line, n)',
  // Where a run began, and whether it has added its items.
  `create table antiphon_session_runs (
    session_id text not null,
    run_id text not null,
    line text,
    n bigint not null,
    added bigint not null,
    primary key (session_id, run_id)
  )`,
]
