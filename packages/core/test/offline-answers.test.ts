import type { InputItem } from '@antiphon/client'
import { describe, expect, it } from 'vitest'
import {
  converse,
  fn,
  folderTools,
  type Handlers,
  NOTE,
  responseFor,
  textIn,
  weather,
} from './offline-ask.ts'

const CONTRIBUTING = `# Contributing

Thank you for helping. This page says what a change needs.

## Before you open a pull request

- Run \`pnpm check\`. It formats, lints and looks for import cycles.
- Add a test for what you change; a bug fix begins with a
  test that fails.

\`\`\`sh
never shown
\`\`\`

## Reporting a bug

Please open an issue with the smallest program that shows it. Never paste a key.
`

const folder: Record<string, string> = {
  'CONTRIBUTING.md': CONTRIBUTING,
  'packages/core/src/agent.ts': 'export const agent = () => {}',
  'packages/core/src/loop.ts': "import { agent } from './agent.ts'",
  'packages/core/test/agent.test.ts': '',
  'packages/core/tsup.config.ts': '',
  'packages/core/README.md': '# Core',
  'package.json': '{"name":"workspace","version":"0.1.0","license":"MIT","private":true,"type":"module"}',
}

const handlers = (files: Record<string, string> = folder): Handlers => ({
  list_files: ({ path, pattern }: { path: string; pattern: string | null }) =>
    Object.keys(files).filter(
      (file) =>
        (path === '.' || file.startsWith(`${path}/`)) &&
        (pattern === null ||
          file.endsWith(pattern.replace(/^\*\*\/\*/, '')) ||
          file.includes(pattern.replace(/^\*\*\/|\*$/g, ''))),
    ),
  read_file: ({ path }: { path: string }) => {
    if (files[path] === undefined) throw new Error(`ENOENT: no such file or directory, open '${path}'`)
    return files[path]
  },
  search_text: ({ query }: { query: string }) =>
    Object.entries(files)
      .filter(([, text]) => text.includes(query))
      .map(([path, text]) => `${path}:1: ${text.split('\n')[0]}`)
      .join('\n'),
})

const body = (text: string): string => text.replace(NOTE, '').trim()

describe('answers about a folder', () => {
  it('count by the question and excerpt by the topic, clause by clause', async () => {
    const { text, calls } = await converse(
      'how many TypeScript files has packages/core, and what does CONTRIBUTING ask of me?',
      folderTools,
      handlers(),
    )
    expect(calls).toHaveLength(2)
    expect(text).toContain('packages/core has 4 TypeScript files: 2 in src, 1 in test, 1 at the top.')
    expect(text).toContain('CONTRIBUTING.md asks:\n- Run `pnpm check`')
    expect(text).toContain('- Add a test for what you change; a bug fix begins with a test that fails.')
    expect(text).toContain('- Never paste a key.')
    expect(text).not.toContain('never shown')
    expect(text.endsWith(`\n\n${NOTE}`)).toBe(true)
  })

  it('count by ending when the tool could not filter', async () => {
    const list = fn('list_files', 'List the files of a folder', {
      path: { type: 'string', description: 'Folder' },
    })
    const all = {
      list_files: () =>
        Object.keys(folder)
          .filter((path) => path.startsWith('packages/core'))
          .join('\n'),
    }
    expect((await converse('How many TypeScript files has packages/core?', [list], all)).text).toContain(
      'packages/core has 4 TypeScript files',
    )
  })

  it.each<[string, unknown, string]>([
    ['a number', 7, '7 orders'],
    ['a count field', { count: 12, page: 1 }, '12 orders'],
    ['an array', [{ id: 1 }, { id: 2 }], '2 orders'],
    ['one array in an object', { orders: ['a', 'b', 'c'], next: null }, '3 orders'],
    ['a list cut short', { orders: ['a', 'b'], truncated: true }, 'at least 2 orders'],
    ['an empty list', [], '0 orders'],
    ['a sentence', '31 orders', '31 orders'],
    ['one entry', ['a'], '1 order.'],
  ])('count %s', async (_, output, expected) => {
    const { text } = await converse('How many orders are there?', [fn('list_orders', 'List all orders')], {
      list_orders: () => output,
    })
    expect(text).toContain(expected)
  })

  it('show only what a document has on the topic', async () => {
    const { text } = await converse(
      'What does CONTRIBUTING.md say about reporting a bug?',
      folderTools,
      handlers(),
    )
    expect(text).toContain('Please open an issue')
    expect(text).not.toContain('pnpm check')
  })

  it('name the field of a JSON file that was asked for', async () => {
    expect(body((await converse('What is the version in package.json?', folderTools, handlers())).text)).toBe(
      'package.json: version 0.1.0.',
    )
  })

  it('put the definition before the mentions', async () => {
    const { text } = await converse(
      'Where is agent defined? Search for `agent`',
      folderTools.slice(2),
      handlers(),
    )
    expect(text).toMatch(/- packages\/core\/src\/agent\.ts:1: export const agent/)
  })

  it('say that a search found nothing', async () => {
    expect(body((await converse('Search for "wombat"', folderTools, handlers())).text)).toBe(
      'Nothing was found for wombat.',
    )
  })
})

describe('answers from outputs', () => {
  it('name place, value and unit', async () => {
    const temperatures: Record<string, number> = { Paris: 21, Tokyo: 26 }
    const { text } = await converse('Weather in Paris and Tokyo?', [weather], {
      get_weather: ({ city }: { city: string }) => ({ city, celsius: temperatures[city], sky: 'clear' }),
    })
    expect(text).toBe(`Paris: 21 celsius, sky clear. Tokyo: 26 celsius, sky clear. ${NOTE}`)
  })

  it('join a value with the unit beside it', async () => {
    const { text } = await converse('Weather in Paris?', [weather], {
      get_weather: () => ({ temperature: 21.4, unit: 'celsius' }),
    })
    expect(body(text)).toBe('Paris: temperature 21.4 celsius.')
  })

  it('repeat a short text, and the note of a sub-agent only once', async () => {
    const { text } = await converse(
      'Write a poem about the sea',
      [fn('poet', 'Writes short poems', { input: { type: 'string' } })],
      {
        poet: () => `Waves fold into foam. ${NOTE}`,
      },
    )
    expect(text).toBe(`Waves fold into foam. ${NOTE}`)
  })

  it('say what failed, was rejected, or ran into a limit', async () => {
    const outputs: Record<string, string> = {
      Paris: 'Error: station offline',
      Tokyo: 'Not executed: limit toolCalls reached (1 of 1). Answer with what you have.',
      Oslo: 'Not executed: limit toolCalls reached (1 of 1). Answer with what you have.',
    }
    const { text } = await converse('Weather in Paris, Tokyo and Oslo?', [weather], {
      get_weather: ({ city }: { city: string }) => outputs[city],
    })
    expect(text).toContain(
      'Not done: get_weather for Tokyo, get_weather for Oslo (the tool calls limit of 1 was reached).',
    )
    expect(text).toContain('get_weather for Paris failed: station offline.')
    const rejected = await converse(
      'Delete the file old.txt',
      [fn('delete_file', 'Delete a file', { path: { type: 'string' } })],
      { delete_file: () => 'Rejected: keep it' },
    )
    expect(body(rejected.text)).toBe('delete_file for old.txt was rejected: keep it. Nothing was done.')
  })

  it('belong to the approved arguments when a person edited them', async () => {
    const response = await responseFor({
      input: [
        { role: 'user', content: 'Refund 20 euros for order 1234' },
        {
          type: 'function_call',
          call_id: 'call_1',
          name: 'refund_order',
          arguments: '{"order_id":"1234","amount":20}',
        },
        {
          type: 'function_call_output',
          call_id: 'call_1',
          output:
            '(A person changed the arguments to {"order_id":"1234","amount":5}.)\n{"refunded":true,"amount":5}',
        },
      ],
    })
    expect(body(textIn(response))).toBe('order 1234: refunded, amount 5.')
  })

  it('come from what there is when tools are forbidden for the last turn', async () => {
    const history: InputItem[] = [
      { role: 'user', content: 'Weather in Paris and Tokyo?' },
      { type: 'function_call', call_id: 'call_1', name: 'get_weather', arguments: '{"city":"Paris"}' },
      {
        type: 'function_call_output',
        call_id: 'call_1',
        output: [{ type: 'input_text', text: '{"celsius":21}' }],
      },
    ]
    const response = await responseFor({ input: history, tools: [weather], tool_choice: 'none' })
    expect(body(textIn(response))).toBe('Paris: 21 celsius.')
  })
})

describe('the second step', () => {
  it('reads the file where the listing has it', async () => {
    const { 'CONTRIBUTING.md': _, ...rest } = folder
    const moved = { ...rest, 'docs/CONTRIBUTING.md': CONTRIBUTING }
    const { calls, text } = await converse('What does CONTRIBUTING ask of me?', folderTools, handlers(moved))
    expect(calls.map((call) => call.name)).toEqual(['read_file', 'list_files', 'read_file'])
    expect(calls[2]?.args).toEqual({ path: 'docs/CONTRIBUTING.md' })
    expect(text).toContain('docs/CONTRIBUTING.md asks:')
    expect(text).not.toContain('found no')
  })

  it('uses a listing that was made already', async () => {
    const moved = { 'docs/CONTRIBUTING.md': CONTRIBUTING, 'docs/a.md': '' }
    const { calls, rounds } = await converse(
      'How many files has docs, and what does CONTRIBUTING ask of me?',
      folderTools,
      handlers(moved),
    )
    expect(rounds).toBe(2)
    expect(calls.at(-1)).toEqual({ name: 'read_file', args: { path: 'docs/CONTRIBUTING.md' } })
  })

  it('follows a suggestion once, and not a second one', async () => {
    const { calls, text } = await converse('Read guide.md', folderTools.slice(1, 2), {
      read_file: ({ path }: { path: string }) => {
        throw new Error(`${path} is not readable. Did you mean "docs/${path}"?`)
      },
    })
    expect(calls.map((call) => call.args)).toEqual([{ path: 'guide.md' }, { path: 'docs/guide.md' }])
    expect(text).toContain('failed')
  })

  it('mends the argument that an issue names', async () => {
    const tool = fn(
      'get_weather',
      'Current weather in a city',
      { city: { type: 'string' }, unit: { type: 'string' } },
      ['city'],
    )
    const { calls, text } = await converse('Weather in Paris, unit: warm', [tool], {
      get_weather: ({ unit }: { unit: string }) => {
        if (unit !== 'celsius')
          throw new Error(
            "the arguments do not match the tool's schema:\nunit: expected 'celsius' or 'fahrenheit'\nCorrect the arguments and call again.",
          )
        return { celsius: 21 }
      },
    })
    expect(calls.map((call) => (call.args as { unit: string }).unit)).toEqual(['warm', 'celsius'])
    expect(body(text)).toBe('Paris: 21 celsius.')
  })

  it('fills an id from the output of the call before', async () => {
    const tools = [
      fn('find_customer', 'Find a customer by name', { name: { type: 'string' } }),
      fn('list_invoices', 'List the invoices of a customer', {
        customer_id: { type: 'string', pattern: '^c_' },
      }),
    ]
    const { calls } = await converse('Find the customer Ada Lovelace and list the invoices.', tools, {
      find_customer: () => ({ customerId: 'c_7', name: 'Ada Lovelace' }),
      list_invoices: () => ['i_1', 'i_2'],
    })
    expect(calls).toEqual([
      { name: 'find_customer', args: { name: 'Ada Lovelace' } },
      { name: 'list_invoices', args: { customer_id: 'c_7' } },
    ])
  })

  it('never makes the same call twice, whatever the outputs say', async () => {
    for (const output of [
      'Error: try again',
      'Error: not found',
      'Error: city: Required',
      '',
      'null',
      '[]',
      'Error: did you mean Paris?',
    ]) {
      const { calls, rounds } = await converse('Weather in Paris and Tokyo?', [weather, ...folderTools], {
        get_weather: () => output,
        list_files: () => output,
        read_file: () => output,
      })
      const keys = calls.map((call) => JSON.stringify(call))
      expect(new Set(keys).size).toBe(keys.length)
      expect(rounds).toBeLessThanOrEqual(3)
    }
  })

  it('stops at three rounds', async () => {
    const call = (index: number): InputItem[] => [
      {
        type: 'function_call',
        call_id: `call_${index}`,
        name: 'get_weather',
        arguments: `{"city":"City ${index}"}`,
      },
      { type: 'function_call_output', call_id: `call_${index}`, output: 'Error: no' },
    ]
    const response = await responseFor({
      input: [{ role: 'user', content: 'Weather in Paris?' }, ...call(1), ...call(2), ...call(3)],
      tools: [weather],
    })
    expect(response.output.map((item) => item.type)).toEqual(['message'])
  })
})

describe('answers without tools', () => {
  it('say what was asked and that nothing is known', async () => {
    expect(textIn(await responseFor({ input: 'Tell me about the moon.' }))).toBe(
      `You wrote: “Tell me about the moon.”. Without tools I know nothing about it. ${NOTE}`,
    )
    expect(textIn(await responseFor({ input: 'Tell me about the moon.', tools: [weather] }))).toContain(
      'None of my tools (get_weather) fits it.',
    )
    expect(textIn(await responseFor({ input: '' }))).toBe(`There is no question in the input. ${NOTE}`)
  })

  it('greet and thank', async () => {
    expect(textIn(await responseFor({ input: 'Hi!' }))).toBe(`Hello! ${NOTE}`)
    expect(textIn(await responseFor({ input: 'Thanks a lot.' }))).toBe(`You are welcome. ${NOTE}`)
  })

  it('shorten a text that is to be summarised', async () => {
    const input = `Summarise this:\n\n${CONTRIBUTING}`
    const text = textIn(await responseFor({ input }))
    expect(text).toContain('- Add a test for what you change')
    expect(text.length).toBeLessThan(input.length + NOTE.length)
  })

  it('of a very long or strange input come soon', async () => {
    const inputs = [
      'a'.repeat(200_000),
      'in '.repeat(50_000),
      '1 + '.repeat(50_000),
      'A, '.repeat(50_000),
      '"'.repeat(50_000),
      '- x\n'.repeat(50_000),
      '((((((('.repeat(20_000),
      'a/'.repeat(50_000),
      'x_'.repeat(50_000),
    ]
    for (const input of inputs) expect(textIn(await responseFor({ input, tools: [weather] }))).toContain(NOTE)
  })
})
