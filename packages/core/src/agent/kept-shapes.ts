import {
  encodeSse,
  type OutputItem,
  type Response,
  type ResponseEvent,
  type Transport,
} from '@antiphon/client'
import { responses } from '../models/responses.ts'
import { beginRun } from '../run/begin.ts'
import { tool } from '../tools/tool.ts'
import { specOf } from './agent-options.ts'

/**
 * What is kept, for as long as the process lives: two small runs with all that belonged to them.
 *
 * V8 drops the optimised code of a function when the last object of a hidden class that it relies on is collected. Between two runs nothing else of a run is alive, so
 * each full collection would throw the loop's code away. A few kilobytes avoid that. (The client keeps an answer for the same reason.)
 */
const kept: unknown[] = []

/**
 * Makes small runs: some end with a call, some with a text. Called with the first run; their answers are made here, without any network.
 *
 * Two models, because code that has seen one endpoint only is optimised for that one, and thrown away with the second.
 */
export const keepRunShapes = (): void => {
  if (kept.length > 0) return
  const noop = tool({ name: 'f', effect: 'read', execute: async () => ({ ok: true }) })
  for (const stopWhen of [() => true, undefined, undefined]) {
    const model = responses('shapes', {
      baseURL: 'http://localhost',
      apiKey: 'none',
      transport: answerAtOnce,
    })
    const spec = specOf({
      name: 'shapes',
      model,
      instructions: '',
      limits: { turns: 4 },
      tools: [noop],
      stopWhen,
    })
    const run = beginRun<string>(spec, '', { runId: 'shapes' })
    const events = run[Symbol.asyncIterator]()
    kept.push(spec, run, events)
    const follow = async (): Promise<void> => {
      for await (const event of { [Symbol.asyncIterator]: () => events }) kept.push(event)
      kept.push(await run.result())
    }
    follow().catch((error: unknown) => kept.push(error))
  }
}

const answerAtOnce: Transport = (request, handler) => {
  const answered = new TextDecoder().decode(request.body as Uint8Array).includes('function_call_output')
  const item: OutputItem = answered
    ? {
        id: 'msg_',
        type: 'message',
        status: 'completed',
        role: 'assistant',
        content: [{ type: 'output_text', text: 'a', annotations: [] }],
      }
    : { id: 'fc_', type: 'function_call', status: 'completed', call_id: 'call_', name: 'f', arguments: '{}' }
  const response: Response = {
    id: 'resp_',
    object: 'response',
    created_at: 1_700_000_000,
    status: 'completed',
    model: '',
    output: [item],
  }
  const events = [
    {
      type: 'response.created',
      sequence_number: 0,
      response: { ...response, status: 'in_progress', output: [] },
    },
    { type: 'response.output_item.done', sequence_number: 1, output_index: 0, item },
    { type: 'response.completed', sequence_number: 2, response },
  ]
  handler.onHeaders(200, { get: (name) => (name === 'content-type' ? 'text/event-stream' : null) })
  handler.onData(new TextEncoder().encode(events.map((event) => encodeSse(event as ResponseEvent)).join('')))
  handler.onEnd()
  return () => undefined
}
