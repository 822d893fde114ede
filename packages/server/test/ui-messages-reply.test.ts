import { encodeSse, encodeSseComment, type Response, type ResponseEvent, SSE_DONE } from '@antiphon/client'
import { lifecycleEvents, messageItem } from 'antiphon/testing'
import { describe, expect, it } from 'vitest'
import type { ResponseReply } from '../src/http/reply.ts'
import { replyEvents } from '../src/ui-messages/reply-events.ts'

const response: Response = {
  id: 'resp_1',
  object: 'response',
  created_at: 0,
  model: 'm',
  status: 'completed',
  output: [messageItem('Hello\ndata: {dear} world.')],
}
const all = lifecycleEvents(response)

const collect = async (events: AsyncIterable<ResponseEvent>): Promise<ResponseEvent[]> => {
  const found: ResponseEvent[] = []
  for await (const event of events) found.push(event)
  return found
}
const streamOf = (open: Extract<ResponseReply, { kind: 'stream' }>['open']): ResponseReply => ({
  kind: 'stream',
  open,
})

describe('the events of a reply', () => {
  it('are those of its frames, however they are written', async () => {
    const frames = [encodeSseComment('hello'), ...all.map(encodeSse), SSE_DONE]
    const atOnce = streamOf((sink) => {
      sink.write(frames.join(''))
      sink.end()
    })
    const slowly = streamOf((sink) => {
      void (async () => {
        for (const frame of frames) {
          await new Promise(setImmediate)
          sink.write(frame)
        }
        sink.end()
      })()
    })
    for (const reply of [atOnce, slowly])
      expect(await collect(replyEvents(reply, new AbortController().signal))).toEqual(all)
  })

  it('are those that would have been streamed, of a whole response', async () => {
    const events = await collect(
      replyEvents({ kind: 'json', status: 200, body: response }, new AbortController().signal),
    )
    expect(events.at(-1)).toMatchObject({ type: 'response.completed', response })
  })

  it('hold back a writer that is faster than its reader', async () => {
    const delta = {
      type: 'response.output_text.delta',
      output_index: 0,
      content_index: 0,
      item_id: 'm',
      delta: 'x'.repeat(10_000),
    }
    let written = 0
    const reply = streamOf((sink) => {
      const more = (): void => {
        while (written < 1000) {
          written++
          if (!sink.write(encodeSse(delta))) return
        }
        sink.end()
      }
      sink.onDrain(more)
      more()
    })
    let read = 0
    for await (const event of replyEvents(reply, new AbortController().signal)) {
      expect(event).toEqual(delta)
      read++
      expect(written - read).toBeLessThan(20)
    }
    expect(read).toBe(1000)
  })

  it('end with the signal, and the writer is told once', async () => {
    const told: string[] = []
    const reply = streamOf((sink) => {
      sink.onClose(() => told.push('closed'))
      sink.write(encodeSse(all[0] as ResponseEvent))
      return () => told.push('over')
    })
    const gone = new AbortController()
    const events = replyEvents(reply, gone.signal)
    expect((await events.next()).value).toEqual(all[0])
    const next = events.next()
    gone.abort()
    expect(await next).toEqual({ done: true, value: undefined })
    expect(told).toEqual(['closed', 'over'])
  })
})
