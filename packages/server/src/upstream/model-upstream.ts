import { createAccumulator, type Response, type ResponseRequest } from '@antiphon/client'
import { type Model, replayItems } from 'antiphon'
import { OutputLine } from './output-line.ts'
import { PlainAnswer } from './plain-answer.ts'
import type { Upstream } from './upstream.ts'

/** How a model is served. */
export interface ModelUpstreamOptions {
  /** Names that it answers to; the first is the default. Which of them a request named is passed on. @defaultValue the model's name */
  readonly models?: readonly string[]
}

/** What the server does itself, and no model behind it has to know. */
const SERVERS_OWN: ReadonlySet<string> = new Set([
  'stream',
  'stream_options',
  'background',
  'previous_response_id',
  'conversation',
  'metadata',
  // Told on only where it says no.
  'store',
])

/**
 * A model behind the server. The request is passed on with its whole history, and the answer as it comes, but for what a server has to promise: places without gaps, and an id for
 * each item that nothing else has. That a response is stored is the server's affair; `store: false` is passed on.
 *
 * `answer` rejects with what the model rejects with; with AntiphonError `stream_truncated` when its answer has no end.
 */
export const modelUpstream = (model: Model, { models }: ModelUpstreamOptions = {}): Upstream => {
  const names = models ?? [model.modelName ?? 'default']
  const { compact } = model
  return {
    models: names,
    async answer(request, sink, context) {
      const line = new OutputLine(baseOf(context.responseId, request.model ?? names[0]), sink)
      const answer = new PlainAnswer(line, context.responseId)
      const fold = createAccumulator()
      await model(
        passedOn(request),
        (event) => {
          answer.take(event)
          fold.push(event)
        },
        context,
      )
      answer.end(fold.finish())
    },
    ...(compact === undefined ? {} : { compact: (request, context) => compact(passedOn(request), context) }),
  }
}

const passedOn = (request: ResponseRequest): ResponseRequest => {
  const passed: Record<string, unknown> = {}
  for (const [name, value] of Object.entries(request))
    if (value !== undefined && value !== null && !SERVERS_OWN.has(name)) passed[name] = value
  if (Array.isArray(request.input)) passed.input = [...replayItems(request.input)]
  if (request.store === false) passed.store = false
  return passed
}

const baseOf = (id: string, model: string | undefined): Response =>
  ({
    id,
    object: 'response',
    created_at: Math.floor(Date.now() / 1000),
    status: 'in_progress',
    error: null,
    incomplete_details: null,
    model,
    output: [],
  }) as unknown as Response
