import { type AntiphonError, createSseDecoder, isAntiphonError } from '@antiphon/client'
import { describe, expect, it } from 'vitest'

const encode = (text: string): Uint8Array => new TextEncoder().encode(text)

/** Decodes the pieces one by one and says what came out after each. */
const decode = (...pieces: string[]): Record<string, unknown>[] => {
  const events: Record<string, unknown>[] = []
  const decoder = createSseDecoder({ onEvent: (event) => events.push(event) })
  for (const piece of pieces) decoder.push(encode(piece))
  decoder.end()
  return events
}

const caught = (step: () => void): AntiphonError => {
  try {
    step()
  } catch (error) {
    if (isAntiphonError(error)) return error
    throw error
  }
  throw new Error('nothing was thrown')
}

describe('frames', () => {
  it('hands on the data with the name of the frame', () => {
    const seen: unknown[] = []
    const decoder = createSseDecoder({ onEvent: (event, name) => seen.push([event, name]) })
    decoder.push(encode('event: a\ndata: {"type":"a"}\n\ndata: {"type":"b"}\n\n'))
    expect(seen).toEqual([
      [{ type: 'a' }, 'a'],
      [{ type: 'b' }, undefined],
    ])
  })

  it('names delta events as the first of their kind', () => {
    const names: unknown[] = []
    const decoder = createSseDecoder({ onEvent: (event, name) => names.push([event.sequence_number, name]) })
    for (let i = 0; i < 4; i++) {
      decoder.push(
        encode(
          `event: x.delta\ndata: {"type":"x.delta","item_id":"m","sequence_number":${i},"delta":"a"}\n\n`,
        ),
      )
    }
    expect(names).toEqual([0, 1, 2, 3].map((i) => [i, 'x.delta']))
  })

  it('takes the type from the event name when the data has none', () => {
    expect(decode('event: response.created\ndata: {"response":{}}\n\n')).toEqual([
      { response: {}, type: 'response.created' },
    ])
  })

  it('takes an unnamed object with an error and no type for an error event', () => {
    expect(decode('data: {"error":{"message":"no"}}\n\n')).toEqual([
      { type: 'error', error: { message: 'no' } },
    ])
  })

  it('reads several data lines, a missing space, id, retry and unknown fields', () => {
    expect(decode('id: 7\nretry: 10\nwhat: ever\nevent:a\ndata:{"type":\ndata: "a"}\n\n')).toEqual([
      { type: 'a' },
    ])
  })

  it('does not carry an event name over to the next frame', () => {
    expect(decode('event: a\n\ndata: {"x":1}\n\n')).toEqual([{ x: 1 }])
  })

  it('drops a BOM at the start, also a cut one, and only there', () => {
    const bytes = encode('\uFEFFdata: {"n":1}\n\n')
    const events: unknown[] = []
    const decoder = createSseDecoder({ onEvent: (event) => events.push(event) })
    for (const byte of bytes) decoder.push(Uint8Array.of(byte))
    decoder.push(encode('\uFEFFdata: {"n":2}\n\ndata: {"n":3}\n\n'))
    expect(events).toEqual([{ n: 1 }, { n: 3 }])
  })

  it('gives every event an object and arrays of its own, also when one is written on', () => {
    const frame = (i: number): string =>
      `data: {"type":"x.delta","item_id":"m","sequence_number":${i},"delta":"a","logprobs":[]}\n\n`
    const texts: string[] = []
    const decoder = createSseDecoder({
      onEvent: (event) => {
        texts.push(JSON.stringify(event))
        event.turn = 1
        ;(event.logprobs as unknown[]).push('mine')
      },
    })
    for (let i = 0; i < 5; i++) decoder.push(encode(frame(i)))
    expect(texts).toEqual([0, 1, 2, 3, 4].map((i) => frame(i).slice('data: '.length, -2)))
  })

  it('works where there is no Buffer', () => {
    const { Buffer } = globalThis
    const events: unknown[] = []
    try {
      Reflect.deleteProperty(globalThis, 'Buffer')
      const decoder = createSseDecoder({ onEvent: (event) => events.push(event) })
      decoder.push(new Uint8Array(encode('\uFEFFdata: {"t":"é–😀"}\n\ndata: {"t"')))
      decoder.push(encode(':"ü"}\n\n'))
    } finally {
      globalThis.Buffer = Buffer
    }
    expect(events).toEqual([{ t: 'é–😀' }, { t: 'ü' }])
  })
})

describe('what is not an event', () => {
  it('pitfall 25: skips comments, `data: : keepalive` and empty data', () => {
    expect(
      decode(
        ': OPENROUTER PROCESSING\n\n',
        ': ping\n',
        'data: {"n":1}\n\n',
        'data: : keepalive\n\ndata:\n\ndata: \n\n',
        'data: {"n":2}\n\n',
      ),
    ).toEqual([{ n: 1 }, { n: 2 }])
  })

  it('pitfall 27: skips [DONE], once, twice, or in the middle', () => {
    expect(decode('data: [DONE]\n\ndata: {"n":1}\n\ndata: [DONE]\n\n', 'data:[DONE]\n\n')).toEqual([{ n: 1 }])
  })

  it('pitfall 27: hands on nothing more after stop, broken frames included', () => {
    const events: unknown[] = []
    const decoder = createSseDecoder({
      onEvent: (event) => {
        events.push(event)
        if (event.n === 2) decoder.stop()
      },
    })
    decoder.push(encode('data: {"n":1}\n\ndata: {"n":2}\n\ndata: {oops\n\n'))
    decoder.push(encode('data: {"n":3}\r\n\r\ndata: {oops\n\n'))
    decoder.end()
    expect(events).toEqual([{ n: 1 }, { n: 2 }])
  })
})

describe('the end of the stream', () => {
  it('delivers a last event that lacks only its blank line', () => {
    expect(decode('data: {"n":1}\n\n', 'data: {"n":2}')).toEqual([{ n: 1 }, { n: 2 }])
    expect(decode('data: {"n":1}\r\n\r\n', 'data: {"n":2}\r\n')).toEqual([{ n: 1 }, { n: 2 }])
    expect(decode('data: {"n":1}\r\r', 'data: {"n":2}\r')).toEqual([{ n: 1 }, { n: 2 }])
  })

  it('drops a last event that was cut off, at every place', () => {
    const last = 'event: x\ndata: {"t":"é","n":[2]}'
    for (const eol of ['\n', '\r\n', '\r']) {
      const bytes = encode(`data: {"n":1}${eol}${eol}${last.replace('\n', eol)}`)
      const whole = encode(`data: {"n":1}${eol}${eol}`).length
      for (let cut = whole; cut < bytes.length; cut++) {
        const events: unknown[] = []
        const decoder = createSseDecoder({ onEvent: (event) => events.push(event) })
        decoder.push(bytes.subarray(0, cut))
        decoder.end()
        expect(events).toEqual([{ n: 1 }])
      }
    }
  })

  it('takes nothing after the end', () => {
    const events: unknown[] = []
    const decoder = createSseDecoder({ onEvent: (event) => events.push(event) })
    decoder.end()
    decoder.push(encode('data: {"n":1}\n\n'))
    decoder.end()
    expect(events).toEqual([])
  })
})

describe('streaming', () => {
  it.each([
    ['LF', '\n'],
    ['CRLF', '\r\n'],
    ['CR', '\r'],
  ])('delivers each event of a %s stream with its blank line, not later', (_name, eol) => {
    const events: unknown[] = []
    const decoder = createSseDecoder({ onEvent: (event) => events.push(event.n) })
    for (let n = 0; n < 4; n++) {
      for (const byte of encode(`event: x${eol}data: {"n":${n}}${eol}`)) decoder.push(Uint8Array.of(byte))
      expect(events).toHaveLength(n)
      for (const byte of encode(eol)) decoder.push(Uint8Array.of(byte))
      expect(events).toHaveLength(n + 1)
    }
    expect(events).toEqual([0, 1, 2, 3])
  })

  it('keeps no reference to the chunks it was given', () => {
    const events: unknown[] = []
    const decoder = createSseDecoder({ onEvent: (event) => events.push(event) })
    const chunk = encode('data: {"n":')
    decoder.push(chunk)
    chunk.fill(0)
    decoder.push(encode('1}\n\n'))
    expect(events).toEqual([{ n: 1 }])
  })
})

describe('errors', () => {
  it('throws invalid_event for data that is no JSON, with an excerpt that holds no key', () => {
    const secret = `sk-${'a1B2'.repeat(8)}`
    const error = caught(() => decode(`event: x\ndata: {"key":"${secret}", oops\n\n`))
    expect(error.code).toBe('invalid_event')
    expect(error.message).toContain('{"key":"…"')
    expect(`${error.message}${String(error.cause)}`).not.toContain(secret)
  })

  it.each(['5', 'null', '"text"', '[1]', 'upstream error'])('throws invalid_event for %s', (data) => {
    expect(caught(() => decode(`data: ${data}\n\n`)).code).toBe('invalid_event')
    expect(caught(() => decode(`: c\ndata: ${data}\n\n`)).code).toBe('invalid_event')
  })

  it('delivers what came before the broken frame, then stays broken', () => {
    const events: unknown[] = []
    const decoder = createSseDecoder({ onEvent: (event) => events.push(event) })
    const error = caught(() => decoder.push(encode('data: {"n":1}\n\ndata: {\n\ndata: {"n":2}\n\n')))
    expect(caught(() => decoder.push(encode('data: {"n":3}\n\n')))).toBe(error)
    expect(caught(() => decoder.end())).toBe(error)
    expect(events).toEqual([{ n: 1 }])
  })

  it('lets through what the receiver throws', () => {
    const decoder = createSseDecoder({
      onEvent: () => {
        throw new RangeError('mine')
      },
    })
    expect(() => decoder.push(encode('data: {}\n\n'))).toThrow(RangeError)
  })

  it.each([
    ['LF', 1, '\n'],
    ['LF', 7, '\n'],
    ['LF', 1000, '\n'],
    ['CRLF', 1, '\r\n'],
    ['CRLF', 1000, '\r\n'],
  ])('throws event_too_large only over the limit (%s, chunks of %i bytes)', (_name, size, eol) => {
    const frame = (length: number): string =>
      `data: ${JSON.stringify('x'.repeat(length)).replace(/^/, '{"t":')}}${eol}${eol}`
    const run = (text: string, maxEventBytes: number): number => {
      let count = 0
      const decoder = createSseDecoder({ maxEventBytes, onEvent: () => (count += 1) })
      const bytes = encode(text)
      for (let at = 0; at < bytes.length; at += size) decoder.push(bytes.subarray(at, at + size))
      decoder.end()
      return count
    }
    const bytes = frame(50).length - eol.length
    expect(run(frame(50).repeat(8), bytes)).toBe(8)
    const error = caught(() => run(frame(50).repeat(8) + frame(51), bytes))
    expect(error.code).toBe('event_too_large')
    expect(error.message).toContain(`${bytes} bytes`)
  })

  it('does not count comments of a quiet stream against the limit', () => {
    for (const eol of ['\n', '\r\n']) {
      const decoder = createSseDecoder({ maxEventBytes: 20, onEvent: () => undefined })
      expect(() => {
        for (let i = 0; i < 50; i++) decoder.push(encode(`: keepalive${eol}${eol}`))
      }).not.toThrow()
    }
  })
})
