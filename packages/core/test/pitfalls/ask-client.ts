import { type ClientOptions, createClient, type Response, type ResponseEvent } from '@antiphon/client'
import { collect, type FakeUpstreamOptions, fakeUpstream, type UpstreamRequest } from 'antiphon/testing'

/** What came of one streamed request. */
export interface Asked {
  events: ResponseEvent[]
  response?: Response
  error?: unknown
  requests: UpstreamRequest[]
}

/** Streams one request from a server with these answers; both doors of the stream have to agree on how it ended. */
export const askClient = async (
  answers: FakeUpstreamOptions['answers'],
  options: ClientOptions = {},
): Promise<Asked> => {
  await using upstream = await fakeUpstream({ answers, maxOpenMs: 10_000 })
  const client = createClient({ baseURL: upstream.url, apiKey: 'key', retries: 0, ...options })
  const stream = client.responses.stream({ model: 'm', input: 'Hi' })
  const events: ResponseEvent[] = []
  const asked: Asked = { events, requests: upstream.requests }
  try {
    for (const event of await collect(keeping(stream, events))) void event
    asked.response = await stream.response()
  } catch (error) {
    asked.error = error
    const other = await stream.response().then(
      () => 'resolved',
      (reason) => reason,
    )
    if (other !== error) throw new Error(`The iterator threw ${error}, response() gave ${other}.`)
  }
  return asked
}

/** What was yielded before a failure counts, too. */
async function* keeping<T>(source: AsyncIterable<T>, into: T[]): AsyncGenerator<T> {
  for await (const each of source) {
    into.push(each)
    yield each
  }
}
