import { describe, expect, it } from 'vitest'
import { callsFor, callsIn, converse, fn, folderTools, responseFor, textIn, weather } from './offline-ask.ts'

const time = fn(
  'get_time',
  'Local time in a city',
  { city: { type: 'string' }, format: { type: 'string', enum: ['12h', '24h'] } },
  ['city'],
)
const calculate = fn('calculate', 'Evaluate an arithmetic expression', {
  expression: { type: 'string', description: 'Such as 2 * (3 + 4)' },
})
const add = fn('add', 'Add two numbers', { a: { type: 'number' }, b: { type: 'number' } })
const refund = fn('refund_order', 'Refund an order to the customer', {
  order_id: { type: 'string', description: 'Order number' },
  amount: { type: 'number', description: 'Amount in euros' },
  reason: { type: ['string', 'null'] },
})
const lookup = fn('lookup_order', 'Look up an order by its number', {
  order_id: { type: 'string', description: 'Order number' },
})
const mail = fn('send_email', 'Send an e-mail', {
  to: { type: 'string', description: 'Recipient address' },
  subject: { type: 'string', description: 'Subject line' },
  body: { type: 'string', description: 'Text of the message' },
})
const remove = fn('delete_file', 'Delete a file', { path: { type: 'string', description: 'File to delete' } })
const everything = [...folderTools, weather, time, calculate, add, refund, lookup, mail, remove]

describe('the question about this checkout', () => {
  const question = 'how many TypeScript files has packages/core, and what does CONTRIBUTING ask of me?'

  it('becomes a listing and a reading in one response', async () => {
    expect(await callsFor(question, folderTools)).toEqual([
      { name: 'list_files', args: { path: 'packages/core', pattern: '**/*.ts' } },
      { name: 'read_file', args: { path: 'CONTRIBUTING.md' } },
    ])
  })

  it('is understood with other names of tools and parameters', async () => {
    const tools = [
      fn(
        'ls',
        'Lists entries',
        { dir: { type: 'string' }, extension: { type: 'string', description: 'Such as .ts' } },
        ['dir'],
      ),
      fn('open_document', 'Opens a document', { filename: { type: 'string' } }),
    ]
    expect(await callsFor(question, tools)).toEqual([
      { name: 'ls', args: { dir: 'packages/core', extension: '.ts' } },
      { name: 'open_document', args: { filename: 'CONTRIBUTING.md' } },
    ])
  })

  it('is understood among many other tools', async () => {
    expect((await callsFor(question, everything)).map((call) => call.name)).toEqual([
      'list_files',
      'read_file',
    ])
  })
})

describe('choosing tools', () => {
  it.each<[string, Array<[string, unknown]>]>([
    [
      'Weather in Paris and Tokyo?',
      [
        ['get_weather', { city: 'Paris' }],
        ['get_weather', { city: 'Tokyo' }],
      ],
    ],
    [
      'weather in oslo, rome and new york please',
      [
        ['get_weather', { city: 'Oslo' }],
        ['get_weather', { city: 'Rome' }],
        ['get_weather', { city: 'New York' }],
      ],
    ],
    [
      'What is the weather and the time in Rio de Janeiro?',
      [
        ['get_weather', { city: 'Rio de Janeiro' }],
        ['get_time', { city: 'Rio de Janeiro' }],
      ],
    ],
    [
      'What is the weather in Paris? And Tokyo?',
      [
        ['get_weather', { city: 'Paris' }],
        ['get_weather', { city: 'Tokyo' }],
      ],
    ],
    ['What is 12 * (3 + 4)?', [['calculate', { expression: '12 * (3 + 4)' }]]],
    [
      'what is 17 times 3 and what is the weather in Rome?',
      [
        ['calculate', { expression: '17 * 3' }],
        ['get_weather', { city: 'Rome' }],
      ],
    ],
    ['Add 2 and 3.5', [['add', { a: 2, b: 3.5 }]]],
    ['Refund 20 euros for order 1234', [['refund_order', { order_id: '1234', amount: 20, reason: null }]]],
    ['What is the status of order A-77?', [['lookup_order', { order_id: 'A-77' }]]],
    [
      'Look up order 12 and order 13',
      [
        ['lookup_order', { order_id: '12' }],
        ['lookup_order', { order_id: '13' }],
      ],
    ],
    ['Where is createSender defined?', [['search_text', { query: 'createSender', path: null }]]],
    [
      'Search for "a, b and c" in packages/client',
      [['search_text', { query: 'a, b and c', path: 'packages/client' }]],
    ],
    [
      "What's the version in package.json of packages/core?",
      [['read_file', { path: 'packages/core/package.json' }]],
    ],
    [
      'Read LICENSE and package.json',
      [
        ['read_file', { path: 'LICENSE' }],
        ['read_file', { path: 'package.json' }],
      ],
    ],
    ['What is this project about?', [['read_file', { path: 'README.md' }]]],
    [
      'Send an email to ada@example.com with subject "Hello" saying that the build is green',
      [['send_email', { to: 'ada@example.com', subject: 'Hello', body: 'the build is green' }]],
    ],
  ])('%s', async (question, expected) => {
    expect(await callsFor(question, everything)).toEqual(expected.map(([name, args]) => ({ name, args })))
  })

  it('takes the operands of a sum where no tool takes the sum', async () => {
    const multiply = fn('multiply', 'Multiply two numbers', { a: { type: 'number' }, b: { type: 'number' } })
    const pair = [add, multiply]
    expect(await callsFor('what is 6 times 7', pair)).toEqual([{ name: 'multiply', args: { a: 6, b: 7 } }])
    expect(await callsFor('What is 5 + 8?', pair)).toEqual([{ name: 'add', args: { a: 5, b: 8 } }])
    expect(
      await callsFor('What is 5-8?', [
        fn('subtract', 'Subtract', { a: { type: 'number' }, b: { type: 'number' } }),
      ]),
    ).toEqual([{ name: 'subtract', args: { a: 5, b: 8 } }])
  })

  it('searches for all that is asked for, without the place where a parameter takes it', async () => {
    const web = fn('search_web', 'Search the web', { query: { type: 'string' } })
    expect(await callsFor('Search the web for the best pizza in Naples', [web])).toEqual([
      { name: 'search_web', args: { query: 'the best pizza in Naples' } },
    ])
    expect(await callsFor('Search for TODO in packages/client', folderTools)).toEqual([
      { name: 'search_text', args: { query: 'TODO', path: 'packages/client' } },
    ])
  })

  it.each([
    'Hello',
    'Thank you!',
    'What is the capital of France?',
    'Tell me a joke.',
    'Why is the sky blue?',
  ])('calls nothing for: %s', async (question) => {
    expect(await callsFor(question, everything)).toEqual([])
  })

  it('runs what has an effect only when it is asked for', async () => {
    expect((await callsFor('Show me the file old.txt', everything)).map((call) => call.name)).toEqual([
      'read_file',
    ])
    expect(await callsFor('Delete the file old.txt', everything)).toEqual([
      { name: 'delete_file', args: { path: 'old.txt' } },
    ])
    expect(await callsFor('Do not delete a.txt, only read b.txt', everything)).toEqual([
      { name: 'read_file', args: { path: 'b.txt' } },
    ])
    expect(await callsFor("Don't send an email to ada@example.com", everything)).toEqual([])
  })

  it('asks for what is missing instead of guessing, and understands the reply', async () => {
    const first = await converse('Refund order A-17', [refund, lookup], {})
    expect(first.calls).toEqual([])
    expect(first.text).toContain('To use refund_order I need: amount (Amount in euros). Please tell me.')
    const second = await responseFor({
      input: [...first.history, { role: 'user', content: '20 euros' }],
      tools: [refund, lookup],
    })
    expect(callsIn(second)).toEqual([
      { name: 'refund_order', args: { order_id: 'A-17', amount: 20, reason: null } },
    ])
  })

  it('keeps the tool, or the place, of the turn before when a question goes on', async () => {
    const { history } = await converse('Weather in Paris?', [weather, time], {
      get_weather: () => ({ celsius: 21 }),
    })
    const next = async (content: string): Promise<unknown> =>
      callsIn(await responseFor({ input: [...history, { role: 'user', content }], tools: [weather, time] }))
    expect(await next('And in Tokyo?')).toEqual([{ name: 'get_weather', args: { city: 'Tokyo' } }])
    expect(await next('what about the time?')).toEqual([{ name: 'get_time', args: { city: 'Paris' } }])
  })

  it('gives a sub-agent its task in the words of the user', async () => {
    const tools = [
      fn('researcher', 'Researches a topic and gives facts about it', { input: { type: 'string' } }),
      fn('poet', 'Writes short poems', { task: { type: 'string' } }),
    ]
    expect(await callsFor('Research the history of chant. Be brief.', tools)).toEqual([
      { name: 'researcher', args: { input: 'Research the history of chant. Be brief.' } },
    ])
    expect(await callsFor('Research the history of chant and write a poem about the sea', tools)).toEqual([
      { name: 'researcher', args: { input: 'Research the history of chant' } },
      { name: 'poet', args: { task: 'write a poem about the sea' } },
    ])
  })

  it('hands off by the description of the agent, once a turn', async () => {
    const tools = [
      fn('transfer_to_billing', 'Hand off to billing: answers questions about invoices and payments'),
      fn('transfer_to_support', 'Hand off to support: technical problems'),
    ]
    const question = 'I have a question about my invoice: why is it so high?'
    expect(await callsFor(question, tools)).toEqual([{ name: 'transfer_to_billing', args: {} }])
    const back = [fn('transfer_to_triage', 'Hand off to triage: any question, also about invoices')]
    const response = await responseFor({
      input: [
        { role: 'user', content: question },
        { type: 'function_call', call_id: 'call_1', name: 'transfer_to_billing', arguments: '{}' },
        { type: 'function_call_output', call_id: 'call_1', output: '{"assistant":"billing"}' },
      ],
      tools: back,
    })
    expect(callsIn(response)).toEqual([])
    expect(textIn(response)).not.toContain('assistant')
  })
})

describe('tool_choice and parallel_tool_calls', () => {
  const tools = [weather, time]
  const question = 'What is the weather in Paris?'

  it('none never calls', async () => {
    expect(await callsFor(question, tools, { tool_choice: 'none' })).toEqual([])
  })

  it('required calls the best tool, also when nothing fits', async () => {
    expect(await callsFor(question, tools, { tool_choice: 'required' })).toEqual([
      { name: 'get_weather', args: { city: 'Paris' } },
    ])
    const forced = await callsFor('Hello', tools, { tool_choice: 'required' })
    expect(forced).toHaveLength(1)
    expect(forced[0]?.args).toEqual({ city: expect.any(String) as string })
  })

  it('a named function is called, with what the text has for it', async () => {
    expect(await callsFor(question, tools, { tool_choice: { type: 'function', name: 'get_time' } })).toEqual([
      { name: 'get_time', args: { city: 'Paris' } },
    ])
  })

  it('allowed_tools bounds the choice, and may require one', async () => {
    const allowed = (mode: 'auto' | 'required') => ({
      type: 'allowed_tools' as const,
      mode,
      tools: [{ type: 'function', name: 'get_time' }],
    })
    expect(await callsFor('Weather?', tools, { tool_choice: allowed('auto') })).toEqual([])
    expect(
      (await callsFor('Weather?', tools, { tool_choice: allowed('required') })).map((call) => call.name),
    ).toEqual(['get_time'])
  })

  it('a hosted tool or an unknown function calls nothing', async () => {
    expect(await callsFor(question, tools, { tool_choice: { type: 'file_search' } })).toEqual([])
    expect(await callsFor(question, tools, { tool_choice: { type: 'function', name: 'nope' } })).toEqual([])
  })

  it('is obeyed once a turn, so that a caller who keeps it still gets an answer', async () => {
    const { calls, text } = await converse(
      question,
      tools,
      { get_weather: () => ({ celsius: 21 }) },
      { tool_choice: 'required' },
    )
    expect(calls).toHaveLength(1)
    expect(text).toContain('21 celsius')
  })

  it('parallel_tool_calls: false makes one call a response until all are made', async () => {
    const question = 'Weather in Paris, Tokyo, Oslo, Rome and Madrid?'
    expect(await callsFor(question, [weather], { parallel_tool_calls: false })).toEqual([
      { name: 'get_weather', args: { city: 'Paris' } },
    ])
    const { calls, rounds } = await converse(
      question,
      [weather],
      { get_weather: () => 'mild' },
      { parallel_tool_calls: false },
    )
    expect(calls.map((call) => (call.args as { city: string }).city)).toEqual([
      'Paris',
      'Tokyo',
      'Oslo',
      'Rome',
      'Madrid',
    ])
    expect(rounds).toBe(5)
  })
})

describe('the input', () => {
  it('may be content parts, with roles and unknown items around', async () => {
    const response = await responseFor({
      instructions: 'Be brief.',
      input: [
        { role: 'developer', content: 'Weather in Berlin is not your business.' },
        { type: 'acme:note', text: 'hm' } as never,
        {
          type: 'message',
          role: 'user',
          content: [
            { type: 'input_text', text: 'Weather in Paris?' },
            { type: 'input_image', image_url: 'data:,', detail: 'auto' },
          ],
        },
        { type: 'reasoning', id: 'rs_1', summary: [] },
      ],
      tools: [weather],
    })
    expect(callsIn(response)).toEqual([{ name: 'get_weather', args: { city: 'Paris' } }])
  })

  it('steered while calls run is one question', async () => {
    const response = await responseFor({
      input: [
        { role: 'user', content: 'Weather in Paris?' },
        { type: 'function_call', call_id: 'call_1', name: 'get_weather', arguments: '{"city":"Paris"}' },
        { type: 'function_call_output', call_id: 'call_1', output: '{"celsius":21}' },
        { role: 'user', content: 'And in Oslo?' },
      ],
      tools: [weather],
    })
    expect(callsIn(response)).toEqual([{ name: 'get_weather', args: { city: 'Oslo' } }])
  })

  it('of broken tools, items and schemas is no crash', async () => {
    const strange = [
      null,
      { type: 'function' },
      { type: 'function', name: 'a', parameters: null },
      {
        type: 'function',
        name: 'weather_b',
        parameters: {
          type: 'object',
          properties: { x: true, y: { $ref: '#/nope' }, z: { $ref: '#' } },
          required: ['x', 'missing'],
        },
      },
      { type: 'namespace', name: 'n', tools: [weather] },
      { type: 'web_search' },
    ]
    const response = await responseFor({
      input: [
        null,
        7,
        { role: 'user' },
        {
          role: 'user',
          content: [null, { type: 'input_text' }, { type: 'input_text', text: 'Weather in Paris?' }],
        },
        { type: 'function_call', arguments: '{' },
      ] as never,
      tools: strange as never,
    })
    expect(response.output[0]).toMatchObject({
      type: 'function_call',
      name: 'get_weather',
      namespace: 'n',
      arguments: '{"city":"Paris"}',
    })
  })
})
