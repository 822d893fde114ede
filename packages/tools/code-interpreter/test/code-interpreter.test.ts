import { agent, type RunEvent, WireRefusal } from 'antiphon'
import { scripted } from 'antiphon/testing'
import { describe, expect, it, onTestFinished } from 'vitest'
import { type CodeInterpreterOptions, codeInterpreter } from '../src/index.ts'
import { containersOf, missing, needs } from './with-containers.ts'

const run = (code: string, language?: string) => ({
  name: 'code_interpreter',
  arguments: { code, ...(language === undefined ? {} : { language }) },
})

const interpreter = (options: CodeInterpreterOptions = {}) => {
  const made = codeInterpreter(options)
  onTestFinished(() => made.close?.())
  return made
}

const context = (rest: object = {}) => ({
  tenant: 'ada',
  runId: 'run_1',
  signal: new AbortController().signal,
  include: new Set<string>(),
  input: [],
  warn: () => {},
  ...rest,
})

const outputsIn = (items: readonly object[]): string[] =>
  items.flatMap((item) =>
    (item as { type?: unknown }).type === 'function_call_output'
      ? [String((item as { output?: unknown }).output)]
      : [],
  )

describe('the code interpreter of an agent, in JavaScript', () => {
  const options: CodeInterpreterOptions = { languages: ['javascript'], callTimeoutMs: 3_000 }

  it('runs code, keeps variables over calls, and shows the calls as the wire does', async () => {
    const model = scripted([
      { calls: [run('var x = 20; console.log("hi")')] },
      { calls: [run('x + 1')] },
      'It is 21.',
    ])
    const events: RunEvent[] = []
    const running = agent({ model, tools: [interpreter(options)] }).run('?')
    running.on('event', (event) => events.push(event))
    const { toolItems, items, text } = await running.result()
    expect(text).toBe('It is 21.')
    const ids = toolItems.map((item) => (item as { container_id?: string }).container_id)
    expect(ids[0]).toMatch(/^cntr_[0-9a-f]{32}$/)
    expect(ids[1]).toBe(ids[0])
    expect(toolItems).toMatchObject([
      {
        type: 'code_interpreter_call',
        id: expect.stringMatching(/^ci_/),
        status: 'completed',
        code: 'var x = 20; console.log("hi")',
        outputs: null,
      },
      { type: 'code_interpreter_call', status: 'completed', code: 'x + 1' },
    ])
    expect(outputsIn(items)).toEqual([`hi\n[container ${ids[0]}]`, `=> 21\n[container ${ids[0]}]`])
    expect(model.requests[0]?.tools).toMatchObject([{ type: 'function', name: 'code_interpreter' }])
    expect(events.some(({ type }) => type === 'built_in.opened')).toBe(true)
  })

  it('a later run of the same chain goes on in the same container; another tenant does not', async () => {
    const tools = [interpreter(options)]
    const model = scripted([
      { calls: [run('var x = 1')] },
      'a',
      { calls: [run('x')] },
      'b',
      { calls: [run('typeof x')] },
      'c',
    ])
    const own = agent({ model, tools })
    const first = await own.run('?', { tenant: 'ada' }).result()
    const history = [...first.items, { type: 'message' as const, role: 'user' as const, content: 'again' }]
    const second = await own.run(history, { tenant: 'ada' }).result()
    expect(outputsIn(second.items).at(-1)).toMatch(/^=> 1\n/)
    const third = await own.run(history, { tenant: 'bob' }).result()
    expect(outputsIn(third.items).at(-1)).toMatch(/^=> undefined\n/)
  })

  it('code that fails is a call that was made, and the model reads why', async () => {
    const model = scripted([{ calls: [run('nothing')] }, { calls: [run('while (true) {}')] }, 'So it is.'])
    const { toolItems, items } = await agent({
      model,
      tools: [interpreter({ ...options, callTimeoutMs: 300 })],
    })
      .run('?')
      .result()
    expect(toolItems).toMatchObject([{ status: 'completed' }, { status: 'completed' }])
    expect(outputsIn(items)[0]).toContain('ReferenceError')
    expect(outputsIn(items)[1]).toContain('it took too long')
  })

  it('files that were made and named are cited; files that were put in are found', async () => {
    const containers = containersOf(options)
    const one = await containers.create('local', { name: 'mine' })
    await one.files.put('in.txt', Buffer.from('words'))
    const model = scripted([
      { calls: [run('writeFile("out.txt", readFile("in.txt").toUpperCase())')] },
      'Here: [it](sandbox:/mnt/data/out.txt), of in.txt.',
    ])
    const { annotations } = await agent({ model, tools: [interpreter({ containers, container: one.id })] })
      .run('?')
      .result()
    expect(annotations).toEqual([
      {
        type: 'container_file_citation',
        container_id: one.id,
        file_id: expect.stringMatching(/^cfile_/),
        filename: 'out.txt',
        start_index: 11,
        end_index: 36,
      },
    ])
    expect(one.files.list().map(({ path }) => path)).toEqual(['in.txt', 'out.txt'])
  })

  it('a call of another provider is told as the call that it would have been', () => {
    const item = {
      type: 'code_interpreter_call',
      id: 'ci_1',
      status: 'completed',
      container_id: 'cntr_theirs',
      code: '1',
      outputs: [{ type: 'logs', logs: '1' }],
    }
    expect(interpreter(options).replay?.(item as never)).toEqual([
      { type: 'function_call', call_id: 'call_ci_1', name: 'code_interpreter', arguments: '{"code":"1"}' },
      { type: 'function_call_output', call_id: 'call_ci_1', output: '1' },
    ])
  })

  it.each([
    [{ container: 'cntr_none' }, 404, 'container'],
    [{}, 400, 'container'],
    [{ container: { type: 'other' } }, 400, 'container'],
    [{ container: { type: 'auto', file_ids: ['file-1'] } }, 400, 'container.file_ids'],
    [{ container: { type: 'auto', memory_limit: '64g' } }, 400, 'container.memory_limit'],
    [{ container: { type: 'auto', memory_limit: '2g' } }, 400, 'container.memory_limit'],
    [
      { container: { type: 'auto', network_policy: { type: 'allowlist', allowed_domains: ['a.com'] } } },
      400,
      'container.network_policy',
    ],
  ])('%j is refused by its field', async (rest, status, param) => {
    const opening = Promise.resolve(interpreter(options)).then((made) =>
      made.open({ type: 'code_interpreter', ...rest } as never, context()),
    )
    await expect(opening).rejects.toMatchObject({ status, param })
    await expect(opening).rejects.toBeInstanceOf(WireRefusal)
  })

  it('where there is no Python, Python is not run in any other way', async () => {
    const none = interpreter({ languages: ['python'], pythonPath: '/usr/bin/no-such-python' })
    await expect(Promise.resolve(none.open(none.declaration, context()))).rejects.toMatchObject({
      status: 503,
      message: expect.stringMatching(/apt-get install|Run this on Linux/),
    })
    const warnings: string[] = []
    const both = interpreter({ pythonPath: '/usr/bin/no-such-python' })
    const opened = await both.open(both.declaration, context({ warn: (text: string) => warnings.push(text) }))
    expect(JSON.stringify(opened.tools[0]?.wire)).not.toContain('python')
    expect(warnings).toEqual([expect.stringContaining('JavaScript alone')])
  })
})

describe.skipIf(missing !== undefined)(`the code interpreter of an agent, in Python${needs}`, () => {
  it('computes, makes files, and tells where they are', async () => {
    const model = scripted([
      {
        calls: [
          run(
            'import csv\nwith open("squares.csv", "w") as f: csv.writer(f).writerows([i, i * i] for i in range(3))\nsum(i * i for i in range(3))',
            'python',
          ),
        ],
      },
      'The sum is 5; see squares.csv.',
    ])
    const { toolItems, items, annotations } = await agent({ model, tools: [interpreter()] })
      .run('?')
      .result()
    expect(toolItems).toMatchObject([{ type: 'code_interpreter_call', status: 'completed' }])
    expect(outputsIn(items)[0]).toMatch(
      /^=> 5\n\[Files made or changed: \/mnt\/data\/squares.csv\]\n\[container cntr_/,
    )
    expect(annotations).toMatchObject([
      { type: 'container_file_citation', filename: 'squares.csv', start_index: 18, end_index: 29 },
    ])
  })
})
