import {
  createAccumulator,
  type InputItem,
  type OutputItem,
  type Response,
  type ResponseEvent,
  type ResponseRequest,
} from '@antiphon/client'
import type { StoredApproval } from '@antiphon/store'
import { ConfigError, type RunStore } from 'antiphon'
import { checkLifecycle } from 'antiphon/testing'
import { expect } from 'vitest'
import type { Approvals, Upstream } from '../src/upstream/upstream.ts'

/** Approvals in memory, of one tenant, and all that were ever issued. */
export interface TestApprovals extends Approvals {
  readonly issued: StoredApproval[]
}

export const testApprovals = (): TestApprovals => {
  const unused = new Map<string, StoredApproval>()
  const issued: StoredApproval[] = []
  return {
    issued,
    async issue(approval) {
      const row = { ...approval, tenant: 'local', createdAt: 0 }
      if (issued.some(({ id }) => id === row.id))
        throw new ConfigError('invalid_config', `${row.id} is there already`)
      unused.set(row.id, row)
      issued.push(row)
    },
    get: async (id) => unused.get(id),
    use: async (id) => unused.delete(id),
  }
}

/** How one answer is asked for. */
export interface AskOptions {
  readonly responseId?: string
  readonly approvals?: Approvals
  readonly runs?: RunStore
  /** Takes each event as it comes. */
  onEvent?(event: ResponseEvent): void
  /** Gets the function that stops the answer. */
  onStop?(stop: (reason: Error) => void): void
}

export interface Answered {
  readonly events: ResponseEvent[]
  readonly response: Response
  readonly output: OutputItem[]
}

let asked = 0

/** Asks, and holds the events against the lifecycle of a response. */
export const ask = async (
  upstream: Upstream,
  request: ResponseRequest,
  { responseId = `resp_${asked++}`, approvals = testApprovals(), runs, onEvent, onStop }: AskOptions = {},
): Promise<Answered> => {
  const events: ResponseEvent[] = []
  const fold = createAccumulator()
  await upstream.answer(
    request,
    (event) => {
      events.push(event)
      fold.push(event)
      onEvent?.(event)
    },
    {
      tenant: 'local',
      responseId,
      approvals,
      ...(runs === undefined ? {} : { runs }),
      signal: new AbortController().signal,
      onAbort: (cancel) => onStop?.(cancel),
    },
  )
  expect(checkLifecycle(events)).toEqual([])
  const response = fold.finish()
  const ids = response.output.map(({ id }) => id)
  expect(ids.every((id) => typeof id === 'string' && id.length > 16)).toBe(true)
  expect(new Set(ids).size).toBe(ids.length)
  expect((events.at(-1) as { response: Response }).response.output).toEqual(response.output)
  return { events, response, output: response.output }
}

/** The types of items, or of events. */
export const typesOf = (list: readonly { readonly type?: string }[]): string[] =>
  list.map(({ type }) => type ?? 'message')

/** A message of the user. */
export const user = (content: string): InputItem => ({ type: 'message', role: 'user', content })

/** The events of one item, by its place. */
export const eventsOfItem = (events: readonly ResponseEvent[], index: number): string[] =>
  events
    .filter((event) => (event as { output_index?: unknown }).output_index === index)
    .map(({ type }) => type.replace(/^response\./, ''))
