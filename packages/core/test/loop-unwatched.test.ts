import { eventsOf, type Response, type Transport } from '@antiphon/client'
import { agent, type Run, type RunEvent, responses, type Tool, tool } from 'antiphon'
import { describe, expect, it } from 'vitest'

const callItem = (n: number) => ({
  id: `fc_${n}`,
  type: 'function_call',
  status: 'completed',
  call_id: `call_${n}`,
  name: 'look',
  arguments: '{}',
})

const answerOf = (id: string, output: readonly object[]): Response =>
  ({
    id,
    object: 'response',
    created_at: 1,
    completed_at: 2,
    status: 'completed',
    model: 'm',
    output,
    usage: { input_tokens: 1, output_tokens: 2, total_tokens: 3 },
  }) as unknown as Response

const first = answerOf('resp_1', [
  { id: 'rs_1', type: 'reasoning', summary: [{ type: 'summary_text', text: 'Hm.' }] },
  callItem(1),
  callItem(2),
])
const last = answerOf('resp_2', [
  {
    id: 'msg_1',
    type: 'message',
    role: 'assistant',
    status: 'completed',
    content: [{ type: 'output_text', text: 'Done.', annotations: [] }],
  },
])

/** Answers whole: calls first, a text then. */
const transport = (): Transport => {
  const answers = [first, last]
  return (_request, handler) => {
    const body = JSON.stringify(answers.shift())
    queueMicrotask(() => {
      handler.onHeaders(200, { get: (name) => (name === 'content-type' ? 'application/json' : null) })
      handler.onData(new TextEncoder().encode(body))
      handler.onEnd()
    })
    return () => undefined
  }
}

const begin = (onCall: () => void): Run => {
  const look = tool({
    name: 'look',
    effect: 'read',
    execute: async () => {
      onCall()
      return 'seen'
    },
  })
  const model = responses('m', {
    baseURL: 'http://localhost',
    apiKey: 'none',
    stream: false,
    transport: transport(),
  })
  return agent({ model, tools: [look as Tool] }).run('Go', { runId: 'run_1' })
}

const wire = (events: readonly RunEvent[]): RunEvent[] =>
  events.filter(({ type }) => type.startsWith('response.'))

describe('a run whose answers come whole', () => {
  it('has the same result whether its events are followed or not', async () => {
    const followed = begin(() => undefined)
    const events: RunEvent[] = []
    followed.on('event', (event) => events.push(event))
    const one = await followed.result()
    const other = await begin(() => undefined).result()
    expect(other).toEqual(one)
    expect(wire(events)).toEqual([...eventsOf(first), ...eventsOf(last)])
  })

  it('tells the rest to a listener that comes in the middle of an answer', async () => {
    const events: RunEvent[] = []
    const run = begin(() => {
      if (calls++ === 0) run.on('event', (event) => events.push(event))
    })
    let calls = 0
    await run.result()
    const all = eventsOf(first)
    const firstCall = all.findIndex(
      (event) => event.type === 'response.output_item.done' && event.item.id === 'fc_1',
    )
    expect(wire(events)).toEqual([...all.slice(firstCall + 1), ...eventsOf(last)])
  })

  it('leaves the same behind when a call cancels it', async () => {
    const cancelled = async (followed: boolean) => {
      const run = begin(() => run.cancel('enough'))
      if (followed) run.on('event', () => undefined)
      return run.result()
    }
    const one = await cancelled(true)
    expect(one.partial).toMatchObject({ id: 'resp_1', status: 'in_progress', usage: null })
    expect(await cancelled(false)).toEqual(one)
  })
})
