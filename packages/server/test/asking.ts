import type { Response, ResponseEvent } from '@antiphon/client'
import type { Model } from 'antiphon'
import { lifecycleEvents } from 'antiphon/testing'
import { expect } from 'vitest'
import { eventsIn } from './recorded.ts'
import { serving } from './serving.ts'

export type Fields = Record<string, unknown>
export interface Seen extends Fields {
  readonly type: string
  readonly item?: Fields
  readonly response?: Fields & { readonly id: string; readonly output: Fields[] }
}

export const weather = {
  type: 'function' as const,
  name: 'weather',
  parameters: { type: 'object', properties: {} },
  strict: false,
}
export const user = (content: string) => ({ type: 'message', role: 'user', content })
export const answerTo = (call_id: string, output = 'sun') => ({
  type: 'function_call_output',
  call_id,
  output,
})

/** What a model tells of such a response. */
export const told = (output: readonly unknown[], fields: object = {}): Seen[] =>
  lifecycleEvents({
    id: 'resp_1',
    object: 'response',
    status: 'completed',
    output,
    ...fields,
  } as unknown as Response) as unknown as Seen[]

/** A model that tells just this, as often as it is asked. */
export const modelOf =
  (events: readonly object[]): Model =>
  async (_, sink) => {
    for (const event of events) sink(event as ResponseEvent)
  }

/** A server, and a client that sees its answers as they are. */
export const asking = async (
  served: Parameters<typeof serving>[0] | Model,
  options: Parameters<typeof serving>[1] = {},
) => {
  const { url, openai } = await serving({ m: served as Model }, options)
  const send = async (body: object): Promise<{ status: number; text: string }> => {
    const answer = await fetch(`${url}/responses`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ model: 'm', input: 'Hello', ...body }),
    })
    return { status: answer.status, text: await answer.text() }
  }
  return {
    url,
    openai,
    send,
    /** An answer in one piece. */
    async whole(body: object = {}) {
      const { text } = await send(body)
      return JSON.parse(text) as Fields & { id: string; output: Fields[]; error: Fields | null }
    },
    /** Its events. */
    async events(body: object = {}): Promise<Seen[]> {
      return eventsIn((await send({ ...body, stream: true })).text) as Seen[]
    },
  }
}

export const refused = async (
  send: (body: object) => Promise<{ status: number; text: string }>,
  body: object,
): Promise<Fields> => {
  const { status, text } = await send(body)
  expect(status).toBe(400)
  return (JSON.parse(text) as { error: Fields }).error
}

export const dataOf = (answer: string): string[] =>
  answer.split('\n').filter((line) => line.startsWith('data:'))
export const typesOf = (items: readonly { readonly type?: unknown }[] | undefined): unknown[] =>
  items?.map(({ type }) => type) ?? []
export const lastOf = (events: readonly Seen[]): NonNullable<Seen['response']> => {
  const response = events.at(-1)?.response
  if (response === undefined) throw new Error('The last event has no response.')
  return response
}
export const textOf = (item: Fields | undefined): unknown =>
  (item?.content as { text?: unknown }[] | undefined)?.[0]?.text
