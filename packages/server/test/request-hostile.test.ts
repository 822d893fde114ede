import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { checkHistory } from '../src/request/check-history.ts'
import { beginResponse } from '../src/request/echo.ts'
import { INPUT_PARTS, ITEM_SCHEMAS } from '../src/request/item-schemas.ts'
import { PARAMETERS } from '../src/request/parameter-policy.ts'
import {
  parseCompact,
  parseConversation,
  parseConversationItems,
  parseConversationUpdate,
  parseCreate,
  parseInputTokens,
} from '../src/request/parse-body.ts'
import { parseListQuery, parseRetrieveQuery } from '../src/request/parse-query.ts'
import { ServeError } from '../src/request/serve-error.ts'
import { checkSupported } from '../src/request/supported.ts'
import { TOOL_SCHEMAS } from '../src/request/tool-schemas.ts'
import { withoutSecrets } from '../src/request/without-secrets.ts'
import { refused } from './request-refusal.ts'

/** Everything that is done with a body before it is run. */
const take = (body: unknown): void => {
  const { request } = checkSupported(
    parseCreate(body),
    { temperature: 'No.', 'reasoning.summary': 'No.' },
    false,
  )
  if (Array.isArray(request.input)) checkHistory(request.input)
  withoutSecrets(request)
  JSON.stringify(beginResponse(request, { id: 'resp_1', model: 'm', createdAt: 1 }))
}

const PARSERS = [
  take,
  (body: unknown) => checkSupported(parseCreate(body), {}, true),
  parseCompact,
  parseInputTokens,
  parseConversation,
  parseConversationItems,
  parseConversationUpdate,
]

/** True when it is taken or refused as it should be; anything else that is thrown goes on. */
const isHandled = (ask: () => unknown): true => {
  try {
    ask()
  } catch (error) {
    if (!(error instanceof ServeError) || error.status !== 400) throw error
    expect(typeof error.body.error.message).toBe('string')
    expect(error.message.length).toBeLessThan(1_500)
  }
  return true
}

/** Any JSON, with keys that harm, and texts that are no Unicode. */
const json: fc.Arbitrary<unknown> = fc
  .jsonValue({ depthSize: 'small', noUnicodeString: false })
  .map((value) => JSON.parse(JSON.stringify(value)))

const harmfulKeys = fc.constantFrom(
  '__proto__',
  'constructor',
  'prototype',
  'toString',
  'then',
  'type',
  'id',
  '',
)
const texts = fc.oneof(
  fc.string({ unit: 'binary' }),
  fc.constantFrom('\ud800', '\udfff\ud800', '', '\0', 'auto', 'message', 'user', 'call_1', 'function'),
)

/** An object as JSON gives it: every key is its own, `__proto__` too. */
const ownObject = (entries: [string, unknown][]): object => Object.fromEntries(entries)

const anything = fc.oneof(
  json,
  texts,
  fc.constantFrom<unknown>(null, -1, 1e308, 0.1, [], {}, [[]], [null], true),
  fc.array(fc.tuple(harmfulKeys, fc.oneof(json, texts)), { maxLength: 4 }).map(ownObject),
)

const typed = (types: readonly string[], names: readonly string[]): fc.Arbitrary<object> =>
  fc
    .tuple(
      fc.constantFrom(...types),
      fc.array(fc.tuple(fc.constantFrom(...names), anything), { maxLength: 5 }),
      fc.option(fc.constantFrom('user', 'assistant'), { nil: undefined }),
    )
    .map(([type, fields, role]) =>
      ownObject([['type', type], ...fields, ...(role ? [['role', role] as [string, string]] : [])]),
    )

const parts = typed(
  [...Object.keys(INPUT_PARTS), 'output_text', 'refusal'],
  ['text', 'image_url', 'file_data', 'type'],
)
const items = fc.oneof(
  typed(
    [...ITEM_SCHEMAS.keys(), 'message'],
    [
      'id',
      'call_id',
      'content',
      'output',
      'name',
      'arguments',
      'summary',
      'tools',
      'action',
      'status',
      'role',
      'type',
    ],
  ),
  fc.array(fc.oneof(parts, anything), { maxLength: 3 }).map((content) => ({ role: 'user', content })),
  anything,
)
const tools = fc.oneof(
  typed(
    [...TOOL_SCHEMAS.keys()],
    ['name', 'container', 'environment', 'tools', 'server_label', 'server_url', 'headers'],
  ),
  anything,
)

const names = [...PARAMETERS.keys()].filter((name) => !name.includes('.'))

const bodies = fc
  .tuple(
    fc.array(fc.tuple(fc.oneof(fc.constantFrom(...names), harmfulKeys), anything), { maxLength: 6 }),
    fc.option(fc.array(items, { maxLength: 4 })),
    fc.option(fc.array(tools, { maxLength: 3 })),
    fc.option(fc.oneof(tools, anything)),
  )
  .map(([fields, input, given, choice]) =>
    ownObject([
      ...fields,
      ...(input ? [['input', input] as [string, unknown]] : []),
      ...(given ? [['tools', given] as [string, unknown]] : []),
      ...(choice ? [['tool_choice', choice] as [string, unknown]] : []),
    ]),
  )

describe('whatever comes', () => {
  it('is taken or refused with a 400, and is not changed', () => {
    fc.assert(
      fc.property(fc.oneof(bodies, anything), fc.constantFrom(...PARSERS), (body, parse) => {
        const before = JSON.stringify(body)
        isHandled(() => parse(body))
        expect(JSON.stringify(body)).toBe(before)
      }),
      { numRuns: 1_500 },
    )
  })

  it.each(names)('of the wrong type, %s is refused with its name', (name) => {
    fc.assert(
      fc.property(anything, (value) => {
        try {
          parseCreate({ [name]: value })
        } catch (error) {
          if (!(error instanceof ServeError)) throw error
          expect(error.param?.startsWith(name)).toBe(true)
        }
      }),
      { numRuns: 40 },
    )
  })

  it('in a query is taken or refused with a 400', () => {
    const keys = fc.oneof(
      fc.constantFrom('limit', 'order', 'after', 'include[]', 'stream', 'starting_after'),
      texts,
    )
    fc.assert(
      fc.property(fc.array(fc.tuple(keys, texts), { maxLength: 4 }), (pairs) => {
        const query = new URLSearchParams(pairs)
        return isHandled(() => parseListQuery(query)) && isHandled(() => parseRetrieveQuery(query))
      }),
      { numRuns: 300 },
    )
  })
})

/** JSON of this depth, which its reader reads without recursion of ours. */
const deep = (depth: number, kind: 'array' | 'object'): unknown => {
  let value: unknown = 1
  for (let n = 0; n < depth; n++) value = kind === 'array' ? [value] : { a: value }
  return value
}

describe('deep and long bodies', () => {
  const DEPTH = 100_000

  it.each(['array', 'object'] as const)(
    'nest %ss without end wherever they like, and no stack runs over',
    (kind) => {
      const value = deep(DEPTH, kind)
      const schema = { type: 'object', properties: value }
      for (const body of [
        value,
        ...names.map((name) => ({ [name]: value })),
        { input: [value] },
        { input: [{ role: 'user', content: [value] }] },
        { input: [{ type: 'acme:x', value }] },
        { input: [{ type: 'function_call_output', call_id: 'c', output: value }] },
        { input: [{ type: 'additional_tools', role: 'developer', tools: [value] }] },
        { tools: [{ type: 'function', name: 'f', parameters: schema }] },
        { tools: [{ type: 'file_search', vector_store_ids: [], filters: value }] },
        { text: { format: { type: 'json_schema', name: 'n', schema } } },
        { prompt: { id: 'p', variables: value } },
        { metadata: { a: value } },
      ]) {
        isHandled(() => checkSupported(parseCreate(body), { text: 'No.', 'reasoning.summary': 'No.' }, true))
        isHandled(() => parseConversation(body))
      }
    },
  )

  it('nest namespaces in each other only once', () => {
    let tool: object = { type: 'function', name: 'f' }
    for (let n = 0; n < 10_000; n++) tool = { type: 'namespace', name: 'n', description: '', tools: [tool] }
    expect(refused(() => parseCreate({ tools: [tool] }))).toBe('tools[0].tools[0].type invalid_value')
  })

  it('of 100,000 items are taken as they are, and refused at the one that is wrong', () => {
    const input: unknown[] = Array.from({ length: 100_000 }, (_, n) => ({
      type: 'message',
      role: 'user',
      content: [{ type: 'input_text', text: `${n}` }],
    }))
    expect(parseCreate({ input }).input).toBe(input)
    input[77_777] = { type: 'message', role: 'user', content: [{ type: 'input_text', text: 7 }] }
    expect(refused(() => parseCreate({ input }))).toBe('input[77777].content[0].text invalid_type')
  })

  it('of 100,000 wrong items are refused at the first', () => {
    expect(refused(() => parseCreate({ input: Array.from({ length: 100_000 }, () => ({})) }))).toBe(
      'input[0].type missing_required_parameter',
    )
    expect(refused(() => parseCreate({ include: Array.from({ length: 100_000 }, () => 'x') }))).toBe(
      'include[0] invalid_value',
    )
  })

  it('of many unknown parameters are refused', () => {
    const body = Object.fromEntries(Array.from({ length: 100_000 }, (_, n) => [`p${n}`, n]))
    expect(refused(() => checkSupported(parseCreate(body), {}, false))).toBe('p0 unknown_parameter')
    expect(refused(() => checkSupported(parseCreate(body), {}, true))).toBe('p0 unknown_parameter')
  })
})

describe('prototypes', () => {
  it('are not reached', () => {
    const body = JSON.parse(
      '{"input":[{"role":"user","content":"x","__proto__":{"polluted":1}}],"metadata":{"__proto__":"x"},"tools":[{"type":"mcp","server_label":"s","server_url":"u","headers":{"__proto__":"x"},"__proto__":{"polluted":1}}]}',
    )
    const { request } = checkSupported(parseCreate(body), {}, false)
    const stored = withoutSecrets(request) as unknown as { tools: object[] }
    const echoed = beginResponse(request, { id: 'resp_1', model: 'm', createdAt: 1 })
    expect(({} as { polluted?: number }).polluted).toBeUndefined()
    for (const each of [echoed.tools?.[0], stored.tools[0]]) {
      expect(Object.getPrototypeOf(each)).toBe(Object.prototype)
      expect(each).not.toHaveProperty('headers')
    }
  })
})
