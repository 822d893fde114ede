/** One event as it came. */
export type ReadEvent = Record<string, unknown> & { readonly type: string; readonly sequence_number: number }

/** Who reads a stream of events, and may come back. */
export interface EventReader {
  readonly events: ReadEvent[]
  /** Number of the last event; -1 for none. */
  readonly last: () => number
  /** Resolves when an event fits, also one that has come; rejects when the stream is over before. */
  until(fits: (event: ReadEvent) => boolean): Promise<ReadEvent>
  /** Resolves when the stream is over: with `data: [DONE]`, or cut off. */
  readonly over: Promise<'done' | 'cut'>
  /** Leaves. */
  leave(): void
}

/** Reads the events of an answer, by its bytes. */
export const readEvents = (asked: Promise<Response>, controller: AbortController): EventReader => {
  const events: ReadEvent[] = []
  let waiting: (() => void)[] = []
  let end: 'done' | 'cut' | undefined
  const wake = (): void => {
    const all = waiting
    waiting = []
    for (const awake of all) awake()
  }
  const read = async (): Promise<'done' | 'cut'> => {
    let rest = ''
    try {
      const answer = await asked
      if (!answer.ok || answer.body === null) throw new Error(`${answer.status}: ${await answer.text()}`)
      const decoder = new TextDecoder()
      for await (const bytes of answer.body as unknown as AsyncIterable<Uint8Array>) {
        const frames = (rest + decoder.decode(bytes, { stream: true })).split('\n\n')
        rest = frames.pop() ?? ''
        for (const frame of frames) {
          const data = frame.split('\n').find((line) => line.startsWith('data: '))
          if (data === 'data: [DONE]') return 'done'
          if (data !== undefined) events.push(JSON.parse(data.slice(6)) as ReadEvent)
        }
        wake()
      }
    } catch (error) {
      failure = error
    }
    return 'cut'
  }
  let failure: unknown
  const over = read().then((how) => {
    end = how
    wake()
    return how
  })
  return {
    events,
    last: () => events.at(-1)?.sequence_number ?? -1,
    over,
    leave: () => controller.abort(),
    async until(fits) {
      for (;;) {
        const found = events.find(fits)
        if (found !== undefined) return found
        if (end !== undefined)
          throw new Error(
            `The stream is over (${end}, ${String(failure)}) behind ${events.map(({ type }) => type).join(', ')}`,
          )
        await new Promise<void>((resolve) => waiting.push(resolve))
      }
    },
  }
}

/** Asks for a response, as a stream. */
export const streamResponse = (
  url: string,
  body: object,
  headers: Record<string, string> = {},
): EventReader => {
  const controller = new AbortController()
  return readEvents(
    fetch(`${url}/responses`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...headers },
      body: JSON.stringify({ ...body, stream: true }),
      signal: controller.signal,
    }),
    controller,
  )
}

/** Reads the events of a response that is there, behind a number. */
export const resumeResponse = (
  url: string,
  id: string,
  after = -1,
  headers: Record<string, string> = {},
): EventReader => {
  const controller = new AbortController()
  const from = after < 0 ? '' : `&starting_after=${after}`
  return readEvents(
    fetch(`${url}/responses/${id}?stream=true${from}`, { headers, signal: controller.signal }),
    controller,
  )
}

/** Id of the response that a stream tells of. */
export const idOf = async (reader: EventReader): Promise<string> => {
  const { response } = await reader.until(({ type }) => type === 'response.created')
  return (response as { id: string }).id
}
