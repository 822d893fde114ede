import { encodeSse, eventsOf } from '@antiphon/client'
import type { EventFrames, StoredResponse } from '@antiphon/store'
import { framesIn } from './frames.ts'
import type { Responder } from './responder.ts'
import { errorEventOf, terminalTypeOf } from './wire-writer.ts'

/** The end of a response that has ended, by what is stored of it. */
export const lastFrameOf = ({ response, status }: StoredResponse, sequence: number): EventFrames => {
  const end = { type: terminalTypeOf(status), response }
  const events = status === 'failed' ? [errorEventOf(response), end] : [end]
  const frames = events.map((event, n) =>
    encodeSse({ ...event, sequence_number: sequence + n } as unknown as { type: string }),
  )
  return { first: sequence, last: sequence + frames.length - 1, text: frames.join('') }
}

/** The events of a response that was made without any: those that would have told it. */
export const framesOf = ({ response, status }: StoredResponse): EventFrames => {
  const events = eventsOf({ ...response, status: status === 'cancelled' ? 'incomplete' : status })
  const frames = events.map((event, n) =>
    encodeSse(
      n === events.length - 1
        ? ({ type: terminalTypeOf(status), response, sequence_number: n } as { type: string })
        : event,
    ),
  )
  return { first: 0, last: frames.length - 1, text: frames.join('') }
}

/** The events of a response, one by one, that are written. */
export async function* writtenFrames(
  { responses }: Pick<Responder, 'responses'>,
  tenant: string,
  id: string,
): AsyncGenerator<string> {
  for await (const { text } of responses.readFrames(tenant, id, -1)) yield* framesIn(text)
}
