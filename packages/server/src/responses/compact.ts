import type { InputItem, ResponseRequest, ResponseUsage } from '@antiphon/client'
import { type Model, SUMMARY_INSTRUCTIONS, summarize } from 'antiphon'
import { wholeUsage } from '../request/whole-usage.ts'
import type { AnswerContext, Upstream } from '../upstream/upstream.ts'
import { AnswerScope } from './answer-scope.ts'
import { approvalsOf } from './approvals-of.ts'
import { compactionItem } from './compaction-item.ts'
import { hydrate } from './hydrate.ts'
import { newId } from './own-input.ts'
import { refusals } from './refusals.ts'
import type { Responder } from './responder.ts'

/** A compacted history, in the wire's words. */
export interface CompactionResource {
  readonly id: string
  readonly object: 'response.compaction'
  readonly created_at: number
  readonly output: readonly InputItem[]
  readonly usage: ResponseUsage
}

/**
 * Makes a short history of a long one: by the upstream where it offers that, else what the user said as it is, and one item with a summary of everything by the model.
 *
 * @throws ServeError 400 for an empty history; what the upstream fails with.
 */
export const compactHistory = async (
  responder: Responder,
  tenant: string,
  upstream: Upstream,
  request: ResponseRequest,
  signal: AbortSignal,
): Promise<CompactionResource> => {
  const { items } = await hydrate(responder, tenant, request)
  if (items.length === 0) throw refusals.nothingToCompact()
  const id = newId('resp')
  const scope = new AnswerScope(tenant, id, approvalsOf(responder, tenant, id), undefined)
  const stop = (): void => scope.stop(signal.reason as Error)
  signal.addEventListener('abort', stop, { once: true })
  const usage: ResponseUsage[] = []
  const context: AnswerContext = Object.assign(scope, {
    bookUsage: (used: ResponseUsage | null | undefined) => void (used && usage.push(used)),
  })
  try {
    const whole = { ...request, input: [...items], previous_response_id: undefined } as ResponseRequest
    const output =
      upstream.compact === undefined
        ? await summed(upstream, whole, items, context)
        : ((await upstream.compact(whole, context)) as readonly InputItem[])
    return {
      id: newId('cmpr'),
      object: 'response.compaction',
      created_at: Math.floor(Date.now() / 1_000),
      output,
      usage: wholeUsage(usage[0] ?? {}),
    }
  } finally {
    signal.removeEventListener('abort', stop)
  }
}

const summed = async (
  upstream: Upstream,
  request: ResponseRequest,
  items: readonly InputItem[],
  context: AnswerContext,
): Promise<readonly InputItem[]> => {
  const model: Model = (asked, sink) => upstream.answer(asked, sink, context)
  const summary = await summarize(model, items, request, SUMMARY_INSTRUCTIONS, context)
  return [...items.filter(isOfUser), compactionItem(String((summary as { content?: unknown }).content))]
}

const isOfUser = (item: InputItem): boolean => {
  const { type, role } = item as { type?: string; role?: string }
  return (type === undefined || type === 'message') && role === 'user'
}
