import type { InputItem, Response, ResponseRequest } from '@antiphon/client'
import { JournalError } from '../errors/journal-error.ts'
import { withOwnIds } from '../history/own-ids.ts'
import type { ItemPlace, LogRecord, ModelAbout, RunStart, SessionStart, ToolValue } from './log-record.ts'

/** A model call of a log: what was asked, in full, and what came. */
export interface RecordedCall {
  /** Key of its record, such as `t0/model`. */
  readonly key: string
  /** Name of the agent that spoke. */
  readonly agent: string
  readonly request: ResponseRequest
  readonly response: Response
}

type Fields = Readonly<Record<string, unknown>>

/** The last request of one scope, as far as the log has been read. A list that later requests only add to is one list for all of them. */
interface Last {
  fields: Fields
  input: unknown[]
}

/**
 * Every model call of a log, in its order, with its request rebuilt in full. A run inside a call is a scope of its own: its requests build on each other, and its places
 * are keys of that run.
 *
 * Requests share their items; none is a copy. They are what the loop asked for: middleware may have sent something else.
 *
 * @throws JournalError `log_damaged` when a request names an item that the log does not have.
 */
export const requestsOf = (records: Iterable<LogRecord>): RecordedCall[] => {
  const byKey = new Map<string, LogRecord>()
  const lasts = new Map<string, Last>()
  const calls: RecordedCall[] = []
  for (const record of records) {
    byKey.set(record.key, record)
    if (record.kind === 'session') lasts.set('', { fields: {}, input: itemsBefore(record) })
    if (record.kind !== 'model') continue
    const scope = record.key.replace(/t\d+\/model$/, '')
    const last = lasts.get(scope) ?? { fields: {}, input: [] }
    lasts.set(scope, last)
    const about = aboutOf(record)
    const { keep, add } = about.input
    if (keep > last.input.length)
      throw damaged(record, `it keeps ${keep} items of a request that had ${last.input.length}`)
    if (keep < last.input.length) last.input = last.input.slice(0, keep)
    for (const item of add)
      last.input.push(isPlace(item) ? itemAt(byKey.get(scope + item.$record), item, record) : item)
    last.fields = changed(last.fields, about)
    calls.push(callOf(record, about.agent, { ...last }))
  }
  return calls
}

/** The items of a session, with the ids that they have in a history. */
const itemsBefore = (record: LogRecord): unknown[] => {
  const { items, at, count } = record.value as SessionStart
  if (items === undefined && at !== undefined)
    throw damaged(
      record,
      `it names ${count} items of a session that are not in the log. The store that has them puts them in, unless they were deleted`,
    )
  return withOwnIds(items ?? [])
}

const changed = (fields: Fields, { set, unset }: ModelAbout): Fields => {
  if (set === undefined && unset === undefined) return fields
  const next: Record<string, unknown> = { ...fields, ...set }
  for (const name of unset ?? []) delete next[name]
  return next
}

/** The request is made when it is read: all of a long log at once would be the square of its length. */
const callOf = ({ key, value }: LogRecord, agent: string, { fields, input }: Last): RecordedCall => {
  const { length } = input
  return {
    key,
    agent,
    get request() {
      // An input that is no list stands among the fields; null for none.
      const { input: other, ...rest } = fields
      if (other === undefined) return { ...rest, input: input.slice(0, length) as InputItem[] }
      return other === null ? rest : { ...rest, input: other as string }
    },
    response: value as Response,
  }
}

const aboutOf = (record: LogRecord): ModelAbout => {
  const about = record.about as Partial<ModelAbout> | null | undefined
  const { keep, add } = about?.input ?? {}
  if (typeof keep !== 'number' || keep < 0 || !Array.isArray(add))
    throw damaged(record, 'it does not say what was asked')
  return about as ModelAbout
}

/** An item has a type or a role. */
const isPlace = (item: InputItem | ItemPlace): item is ItemPlace => {
  const { $record, type, role } = (item ?? {}) as Partial<ItemPlace> & { type?: unknown; role?: unknown }
  return typeof $record === 'string' && type === undefined && role === undefined
}

const itemAt = (holder: LogRecord | undefined, { $record, $index }: ItemPlace, from: LogRecord): unknown => {
  const item = holder === undefined ? undefined : itemsOf(holder)[$index ?? 0]
  if (item === undefined)
    throw damaged(from, `it names ${$record}${$index === undefined ? '' : `[${$index}]`}, which is not there`)
  return item
}

const itemsOf = ({ kind, value }: LogRecord): readonly unknown[] => {
  if (kind === 'run') {
    return (value as RunStart).input
  }
  if (kind === 'model') return (value as Response).output
  return kind === 'tool' ? [(value as ToolValue).output] : []
}

const damaged = ({ seq, key }: LogRecord, how: string): JournalError =>
  new JournalError('log_damaged', `Record ${seq} of the log (${key}) cannot be read: ${how}.`, { key })
