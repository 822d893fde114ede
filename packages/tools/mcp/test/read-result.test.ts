import { describe, expect, it } from 'vitest'
import { readResult } from '../src/call/read-result.ts'
import { DEFAULT_LIMITS } from '../src/connection/limits.ts'

const PNG = 'iVBORw0KGgo='
const contentOf = (result: object, limits = {}): unknown => {
  const read = readResult(result as never, { ...DEFAULT_LIMITS, ...limits })
  return read.outcome === 'ok' ? read.content : read
}

describe('the result of a tool', () => {
  it('is empty text where it holds nothing', () => {
    expect(contentOf({ content: [] })).toBe('')
    expect(contentOf({})).toBe('')
  })

  it('names what models do not take', () => {
    expect(
      contentOf({
        content: [
          { type: 'audio', mimeType: 'audio/wav', data: 'AAAA' },
          { type: 'image', mimeType: 'image/svg+xml', data: PNG },
          { type: 'image', mimeType: 'image/png', data: '"><script>' },
          { type: 'resource', resource: { uri: 'a://b', mimeType: 'application/pdf', blob: 'AAAA' } },
          { type: 'hologram' },
        ],
      }),
    ).toBe(
      [
        '[audio, audio/wav, 3 bytes, not shown]',
        '[image, image/svg+xml, 9 bytes, not shown]',
        '[image, image/png, 7 bytes, not shown]',
        '[resource a://b, application/pdf, 3 bytes, not shown]',
        '[content of an unknown kind, not shown]',
      ].join('\n'),
    )
  })

  it('shows images, also those of resources, up to a limit', () => {
    const image = { type: 'image', mimeType: 'image/png', data: PNG }
    const resource = { type: 'resource', resource: { uri: 'a://b', mimeType: 'image/jpeg', blob: PNG } }
    expect(contentOf({ content: [image, resource] })).toMatchObject([
      { type: 'input_image', image_url: `data:image/png;base64,${PNG}` },
      { type: 'input_image', image_url: `data:image/jpeg;base64,${PNG}` },
    ])
    expect(contentOf({ content: [image, image] }, { maxImageChars: 50 })).toMatchObject([
      { type: 'input_image' },
      { type: 'input_text', text: '[an image that is too large was left out]' },
    ])
  })

  it('has structured content once: where the text does not say it', () => {
    const text = (value: string): object => ({ type: 'text', text: value })
    expect(contentOf({ content: [], structuredContent: { a: 1 } })).toBe('{"a":1}')
    expect(contentOf({ content: [text('{ "a": 1 }')], structuredContent: { a: 1 } })).toBe('{ "a": 1 }')
    expect(contentOf({ content: [text('hello')], structuredContent: { content: 'hello' } })).toBe('hello')
    expect(contentOf({ content: [text('two found')], structuredContent: { ids: ['x7', 'y8'] } })).toBe(
      'two found\n{"ids":["x7","y8"]}',
    )
    expect(contentOf({ content: [text('none')], structuredContent: [] })).toBe('none\n[]')
  })

  it('has structured content for programs, up to the limit', () => {
    const of = (text: string): unknown =>
      readResult({ content: [], structuredContent: { text } } as never, {
        ...DEFAULT_LIMITS,
        maxResultChars: 100,
      })
    expect(of('short')).toMatchObject({ structured: { text: 'short' } })
    expect(of('x'.repeat(200))).not.toHaveProperty('structured')
  })

  it('is cut in the middle, over all its texts, and no character is halved', () => {
    const cut = contentOf(
      { content: [{ type: 'text', text: '😀'.repeat(100) }] },
      { maxResultChars: 51 },
    ) as string
    expect(cut).toMatch(/^(?:😀)+\n\[… \d+ characters were left out …\]\n(?:😀)+$/u)
    const texts = Array.from({ length: 9 }, () => ({ type: 'text', text: 'x'.repeat(30) }))
    expect((contentOf({ content: texts }, { maxResultChars: 100 }) as string).length).toBeLessThan(200)
  })

  it('that failed says so, with a reason or without one', () => {
    expect(contentOf({ isError: true, content: [] })).toMatchObject({
      outcome: 'failed',
      text: 'The tool failed without a reason.',
    })
    expect(
      contentOf({ isError: true, content: [{ type: 'image', mimeType: 'image/png', data: PNG }] }),
    ).toMatchObject({
      outcome: 'failed',
    })
  })
})
