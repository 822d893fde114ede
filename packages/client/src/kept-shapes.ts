import { accumulate } from './accumulate/accumulate.ts'
import { createAccumulator } from './accumulate/accumulator.ts'
import type { ResponseEvent } from './protocol/events.ts'
import { createResponses } from './resources/responses.ts'
import type { Sender } from './send.ts'
import { encodeSse } from './sse/encode.ts'
import type { Transport } from './transport/transport.ts'

/**
 * What is kept, for as long as the process lives: the objects that a few small answers went through, and their events.
 *
 * V8 describes objects by hidden classes, and drops the optimised code of every function that relies on one when its last object is collected. Between two answers
 * nothing else of a stream is alive, so each full collection would throw the code of the whole stream away: 2 to 3 times the cost per delta until it is optimised
 * again. A few kilobytes avoid that.
 */
const kept: unknown[] = []

/** Deltas enough to make a delta template. */
const DELTAS = 24

/**
 * Sends a few small answers, made here, through two senders of its own, as a stream and whole. Called when the first sender is made; costs a few milliseconds, once.
 *
 * Two senders, because code that has seen one only is optimised for that one, and thrown away with the second endpoint of the process.
 */
export const keepShapes = (makeSender: (transport: Transport) => Sender): void => {
  if (kept.length > 0) return
  const transport: Transport = (request, handler) => {
    kept.push(handler)
    const streamed = typeof request.body === 'string' && request.body.includes('"stream":true')
    handler.onHeaders(200, {
      get: (name) => (name === 'content-type' ? (streamed ? 'text/event-stream' : 'application/json') : null),
    })
    const answer = smallAnswer()
    handler.onData(
      new TextEncoder().encode(
        streamed ? answer.map(encodeSse).join('') : JSON.stringify(accumulate(answer)),
      ),
    )
    handler.onEnd()
    return () => undefined
  }
  kept.push(transport)
  for (const stream of [true, false, true]) {
    const sender = makeSender(transport)
    const responses = createResponses({ sender: () => sender, dropUnsupported: false })
    const fold = createAccumulator({ onSealed: (item) => kept.push(item) })
    const sink = (event: ResponseEvent): void => {
      kept.push(event)
      fold.push(event)
    }
    const done = responses.push({ model: '', input: '', stream }, sink, {
      onAbort: (cancel) => kept.push(cancel),
    })
    kept.push(sender, responses, fold)
    done.catch((error: unknown) => kept.push(error))
  }
  detachBuffer()
}

/**
 * The first buffer that a process hands over (`fetch` does so with the first body that it reads) costs all code that was optimised for typed arrays, this decoder's
 * included. Done here it costs nothing, because nothing has been optimised yet.
 */
const detachBuffer = (): void => {
  const buffer = new ArrayBuffer(1)
  structuredClone(buffer, { transfer: [buffer] })
}

const smallAnswer = (): ResponseEvent[] => {
  let sequence = 0
  const event = (type: string, rest: object) =>
    ({ type, sequence_number: sequence++, ...rest }) as ResponseEvent
  const response = {
    id: 'resp_',
    object: 'response',
    created_at: 1_700_000_000,
    status: 'in_progress',
    model: '',
    output: [],
  }
  const part = { type: 'output_text', annotations: [], logprobs: [], text: '' }
  const at = { item_id: 'msg_', output_index: 0, content_index: 0 }
  const message = { id: 'msg_', type: 'message', status: 'in_progress', role: 'assistant', content: [] }
  const call = {
    id: 'fc_',
    type: 'function_call',
    status: 'completed',
    arguments: '{}',
    call_id: 'call_',
    name: 'f',
  }
  const ofCall = { item_id: 'fc_', output_index: 1 }
  return [
    event('response.created', { response }),
    event('response.in_progress', { response }),
    event('response.output_item.added', { output_index: 0, item: message }),
    event('response.content_part.added', { ...at, part }),
    ...Array.from({ length: DELTAS }, () =>
      event('response.output_text.delta', { ...at, delta: 'a', logprobs: [] }),
    ),
    event('response.output_text.done', { ...at, text: 'a'.repeat(DELTAS), logprobs: [] }),
    event('response.content_part.done', { ...at, part: { ...part, text: 'a'.repeat(DELTAS) } }),
    event('response.output_item.done', {
      output_index: 0,
      item: { ...message, status: 'completed', content: [{ ...part, text: 'a' }] },
    }),
    event('response.output_item.added', {
      output_index: 1,
      item: { ...call, status: 'in_progress', arguments: '' },
    }),
    ...Array.from({ length: 2 }, () =>
      event('response.function_call_arguments.delta', { ...ofCall, delta: '{' }),
    ),
    event('response.function_call_arguments.done', { ...ofCall, arguments: '{}', name: 'f' }),
    event('response.output_item.done', { output_index: 1, item: call }),
    event('response.completed', { response: { ...response, status: 'completed' } }),
  ]
}
