import { createSseDecoder, encodeSse, encodeSseComment, SSE_DONE } from '@antiphon/client'
import fc from 'fast-check'
import { expect, it } from 'vitest'

it('writes name, data and a blank line', () => {
  expect(encodeSse({ type: 'response.created' })).toBe(
    'event: response.created\ndata: {"type":"response.created"}\n\n',
  )
})

it('writes comments that stay comments, whatever the text', () => {
  expect(encodeSseComment('ping')).toBe(': ping\n\n')
  expect(encodeSseComment('a\r\nb\rdata: x\n')).toBe(': a\n: b\n: data: x\n: \n\n')
})

it('gives back every event it wrote, between comments and [DONE]', () => {
  fc.assert(
    fc.property(
      fc.array(fc.dictionary(fc.string({ unit: 'binary' }), fc.jsonValue())),
      fc.string(),
      (fields, comment) => {
        const events = fields.map((field) => JSON.parse(JSON.stringify({ ...field, type: 'x.y' })))
        const got: unknown[] = []
        const decoder = createSseDecoder({ onEvent: (event) => got.push(event) })
        const text = events.map((event) => encodeSseComment(comment) + encodeSse(event)).join('') + SSE_DONE
        decoder.push(new TextEncoder().encode(text))
        decoder.end()
        expect(got).toStrictEqual(events)
      },
    ),
  )
})
