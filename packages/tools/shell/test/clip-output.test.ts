import fc from 'fast-check'
import { expect, it } from 'vitest'
import { clipOutput } from '../src/command/clip-output.ts'

it('an output within its limit is whole, in whatever pieces it comes', () => {
  fc.assert(
    fc.property(fc.array(fc.string({ unit: 'binary' })), (pieces) => {
      const bytes = Buffer.from(pieces.join(''))
      const clipped = clipOutput(Math.max(1, bytes.length))
      for (let at = 0; at < bytes.length; at += 3) clipped.add(bytes.subarray(at, at + 3))
      expect(clipped.text()).toBe(new TextDecoder().decode(bytes).replaceAll('\0', '\uFFFD'))
    }),
  )
})

it('a longer one keeps its beginning and its end, whole characters, and says how much is missing', () => {
  const text = fc.string({ unit: fc.constantFrom('a', 'é', '€', '😀'), minLength: 200, maxLength: 400 })
  fc.assert(
    fc.property(
      text,
      fc.integer({ min: 60, max: 199 }),
      fc.integer({ min: 1, max: 50 }),
      (whole, limit, step) => {
        const bytes = Buffer.from(whole)
        const clipped = clipOutput(limit)
        for (let at = 0; at < bytes.length; at += step) clipped.add(bytes.subarray(at, at + step))
        const cut = clipped.text()
        const [, head, missing, tail] = /^([\s\S]*)\n\[… (\d+) bytes cut here …\]\n([\s\S]*)$/.exec(cut)!
        expect(whole.startsWith(head!) && whole.endsWith(tail!)).toBe(true)
        expect(Buffer.byteLength(head! + tail!) + Number(missing)).toBe(bytes.length)
        expect(Buffer.byteLength(cut)).toBeLessThanOrEqual(limit)
      },
    ),
  )
})

it('a limit without room for that note keeps the beginning', () => {
  const clipped = clipOutput(5)
  clipped.add(Buffer.from('abcdefghij'))
  expect(clipped.text()).toBe('abcde')
  expect(clipped.bytes).toBe(10)
})
