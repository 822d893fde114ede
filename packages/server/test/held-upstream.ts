import { createServer, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { encodeSse } from '@antiphon/client'
import { onTestFinished } from 'vitest'

/** One answer of a model under way, in the hands of the test. */
export interface HeldAnswer {
  /** What was asked. */
  readonly asked: Record<string, unknown>
  /** Resolves when the asking side has gone, or has all of it. */
  readonly closed: Promise<void>
  readonly isClosed: () => boolean
  /** Sends a piece of the text. */
  say(delta: string): void
  /** Ends the answer as a model does. */
  finish(): void
  /** Closes the connection in the middle. */
  cut(): void
}

/** A server that speaks `/v1/responses` and says nothing before it is told to. */
export interface HeldUpstream {
  readonly url: string
  /** Resolves with the answer to the n-th request, counted from 0, when that has come. */
  answer(n: number): Promise<HeldAnswer>
  readonly count: () => number
}

const MESSAGE = { id: 'msg_held', type: 'message', role: 'assistant' }

const held = (response: ServerResponse, asked: Record<string, unknown>, n: number): HeldAnswer => {
  let text = ''
  let sequence = 0
  let closed = false
  const id = `resp_held${n}`
  const push = (type: string, fields: object): void => {
    response.write(encodeSse({ type, ...{ sequence_number: sequence++ }, ...fields }))
  }
  const part = (): object => ({ type: 'output_text', text, annotations: [], logprobs: [] })
  const whole = (status: string, output: object[]): object => ({
    id,
    object: 'response',
    created_at: 1,
    status,
    model: 'slow',
    output,
    error: null,
    incomplete_details: null,
    ...(status === 'completed'
      ? {
          usage: {
            input_tokens: 1,
            input_tokens_details: { cached_tokens: 0 },
            output_tokens: 1,
            output_tokens_details: { reasoning_tokens: 0 },
            total_tokens: 2,
          },
        }
      : {}),
  })
  const at = { item_id: `${MESSAGE.id}${n}`, output_index: 0, content_index: 0 }
  const item = { ...MESSAGE, id: at.item_id }
  response.writeHead(200, { 'content-type': 'text/event-stream' })
  push('response.created', { response: whole('in_progress', []) })
  push('response.output_item.added', {
    output_index: 0,
    item: { ...item, status: 'in_progress', content: [] },
  })
  push('response.content_part.added', { ...at, part: part() })
  const over = new Promise<void>((resolve) =>
    response.once('close', () => {
      closed = true
      resolve()
    }),
  )
  return {
    asked,
    closed: over,
    isClosed: () => closed,
    say(delta) {
      text += delta
      push('response.output_text.delta', { ...at, delta, logprobs: [] })
    },
    finish() {
      const done = { ...item, status: 'completed', content: [part()] }
      push('response.output_text.done', { ...at, text, logprobs: [] })
      push('response.content_part.done', { ...at, part: part() })
      push('response.output_item.done', { output_index: 0, item: done })
      push('response.completed', { response: whole('completed', [done]) })
      response.end()
    },
    cut: () => response.destroy(),
  }
}

/** Starts one on a free port; it is ended after the test. */
export const heldUpstream = async (): Promise<HeldUpstream> => {
  const answers: HeldAnswer[] = []
  let waiting: (() => void)[] = []
  const server = createServer((request, response) => {
    const pieces: Buffer[] = []
    request.on('data', (bytes: Buffer) => pieces.push(bytes))
    request.on('end', () => {
      answers.push(held(response, JSON.parse(Buffer.concat(pieces).toString()), answers.length))
      for (const awake of waiting.splice(0)) awake()
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => {
    waiting = []
    server.closeAllConnections()
    server.close()
  })
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1`,
    count: () => answers.length,
    async answer(n) {
      while (answers.length <= n) await new Promise<void>((resolve) => waiting.push(resolve))
      return answers[n] as HeldAnswer
    },
  }
}
