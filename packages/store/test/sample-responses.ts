import type { Response, ResponseRequest } from '@antiphon/client'
import type { EventFrames, NewStoredResponse, StoredApproval } from '@antiphon/store'

/** A response as it begins, with a text to tell it from others. */
export const responseOf = (id: string, text = 'hello'): Response =>
  ({
    id,
    object: 'response',
    status: 'in_progress',
    model: 'm',
    output: [],
    metadata: { text },
  }) as unknown as Response

/** A row of a response under way. */
export const rowOf = (
  tenant: string,
  id: string,
  more: Partial<NewStoredResponse> = {},
): NewStoredResponse => ({
  tenant,
  id,
  status: 'in_progress',
  response: responseOf(id),
  request: { model: 'm', input: 'hello' } as ResponseRequest,
  background: true,
  inputCount: 1,
  createdAt: 1_000,
  ...more,
})

/** Frames with these numbers, as they go over the wire. */
export const framesOf = (first: number, last: number, word = 'w'): EventFrames => {
  let text = ''
  for (let n = first; n <= last; n++) text += frameOf(n, word)
  return { first, last, text }
}

export const frameOf = (n: number, word: string): string =>
  `event: response.output_text.delta\ndata: ${JSON.stringify({ type: 'response.output_text.delta', delta: word, sequence_number: n })}\n\n`

export const approvalOf = (
  tenant: string,
  id: string,
  more: Partial<StoredApproval> = {},
): StoredApproval => ({
  tenant,
  id,
  responseId: 'resp_1',
  callId: 'call_1',
  name: 'pay',
  hash: 'abc',
  createdAt: 1_000,
  ...more,
})

export const allFrames = async (frames: AsyncIterable<EventFrames>): Promise<EventFrames[]> => {
  const all: EventFrames[] = []
  for await (const piece of frames) all.push(piece)
  return all
}
