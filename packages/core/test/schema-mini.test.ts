import { expect, it } from 'vitest'
// Only zod/mini in this file: `zod` itself would set the texts of zod/mini too.
import * as mini from 'zod/mini'
import { toWireSchema } from '../src/schema/wire-schema.ts'

it('spells out what zod/mini, which has no texts, leaves unsaid', async () => {
  const schema = mini.strictObject({
    a: mini.string(),
    b: mini.enum(['x', 'y']),
    c: mini.string().check(mini.minLength(3)),
    e: mini.email(),
    n: mini.number().check(mini.maximum(5)),
  })
  const result = await toWireSchema(schema, { kind: 'tool', name: 't' }).parse({
    a: 1,
    b: 'z',
    c: 'c',
    d: 1,
    e: 'e',
    n: 6,
  })
  expect(result.ok ? [] : result.message.split('\n').sort()).toEqual([
    'Unrecognized keys: d',
    'a: Invalid input: expected string, received number',
    'b: Invalid input: expected "x" or "y"',
    'c: Too small: expected at least 3',
    'e: Invalid input: expected format email',
    'n: Too big: expected at most 5',
  ])
})
