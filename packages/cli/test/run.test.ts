import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fakeUpstream } from 'antiphon/testing'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { agentFile, jsonLines, runCli } from './start-cli.ts'

const QUESTION = 'how many TypeScript files are here?'
let folder = ''

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'antiphon-run-'))
  for (const name of ['a.ts', 'b.ts', 'c.md']) writeFileSync(join(folder, name), `${name}\n`)
})
afterAll(() => rmSync(folder, { recursive: true }))

describe('run without a key', () => {
  it('answers about the current folder, the answer alone on standard output', async () => {
    const { code, stdout, stderr } = await runCli(['run', QUESTION], { cwd: folder })
    expect(code).toBe(0)
    expect(stdout).toBe('2 TypeScript files. (offline model: rule-based, no AI)\n')
    expect(stderr.match(/embedded offline model/g)).toHaveLength(1)
    expect(stderr).toMatch(/▸ 1 list_files\(pattern: "\*\*\/\*\.ts"\)/)
    expect(stderr).toMatch(/✓ 1 list_files {2}waited [\d.]+ ms, ran [\d.]+ ms {2}2 files/)
    expect(stderr).toMatch(/done · 2 turns · 1 call · [\d,]+ tokens \([\d,]+ in, [\d,]+ out\) · /)
  })

  it('writes no control sequence into a pipe, whatever the environment says about colours', async () => {
    const { stdout, stderr } = await runCli(['run', QUESTION], { cwd: folder, env: { FORCE_COLOR: '1' } })
    expect(stdout + stderr).not.toMatch(/\p{Cc}(?<!\n)/u)
  })

  it('takes the prompt from words, from a pipe, and from both', async () => {
    const piped = await runCli(['run'], { cwd: folder, input: `${QUESTION}\n` })
    const words = await runCli(['run', ...QUESTION.split(' ')], { cwd: folder })
    const both = await runCli(['run', 'how many files are here', '-', '--json'], { input: 'of kind md?' })
    expect(piped.stdout).toContain('2 TypeScript files')
    expect(words.stdout).toBe(piped.stdout)
    expect(both.code).toBe(0)
    expect(both.stdout).toContain('"type":"result"')
  })
})

describe('--json', () => {
  it('prints every event as a line and the result last, and nothing else', async () => {
    const { code, stdout, stderr } = await runCli(['run', '--json', QUESTION], { cwd: folder })
    const lines = jsonLines(stdout)
    const types = lines.map(({ type }) => type)
    expect(code).toBe(0)
    expect(types[0]).toBe('run.started')
    expect(types.slice(-2)).toEqual(['run.ended', 'result'])
    for (const type of ['tool.queued', 'tool.started', 'tool.ended', 'response.output_text.delta'])
      expect(types).toContain(type)
    expect(lines.at(-1)).toMatchObject({
      exitCode: 0,
      stop: { reason: 'done' },
      text: expect.stringContaining('2 TypeScript files') as string,
      turns: 2,
      toolCalls: 1,
    })
    expect(stderr).toContain('embedded offline model')
  })

  it('says details that JSON cannot say as well as it goes: cycles, bigints, errors, maps', async () => {
    const { code, stdout } = await runCli(['run', '--json', agentFile('unusual.ts'), 'go'])
    const lines = jsonLines(stdout)
    expect(code).toBe(0)
    const said = {
      big: '12',
      error: { name: 'Error', message: 'inside' },
      map: [['a', 1]],
      self: '(refers back to what holds it)',
    }
    expect(lines.find(({ type }) => type === 'tool.progress')).toMatchObject({ progress: said })
    expect(lines.find(({ type }) => type === 'tool.ended')).toMatchObject({ details: said })
  })

  it('reports what goes wrong before a run as a result, too', async () => {
    const { code, stdout } = await runCli(['run', '--json', 'nowhere.ts', 'Hello'])
    expect(code).toBe(2)
    expect(jsonLines(stdout)).toEqual([
      {
        type: 'result',
        exitCode: 2,
        error: expect.objectContaining({ code: 'agent_file' }) as unknown,
      },
    ])
  })
})

describe('exit codes', () => {
  it.each<[string, number, string[], RegExp]>([
    ['a limit', 3, ['run', '--max-tool-calls', '0', QUESTION], /limit toolCalls/],
    ['an unknown option', 2, ['run', '--nope', 'Hello'], /unknown option '--nope'/],
    ['an unknown command', 2, ['ran', 'Hello'], /unknown command 'ran'/],
    ['no command', 2, [], /Usage: antiphon/],
    ['a number that is none', 2, ['run', '--max-turns', 'many', 'Hello'], /whole number of at least 1/],
    ['no prompt', 2, ['run'], /Standard input is empty/],
    ['a model without a key', 2, ['run', '--model', 'gpt-5.4', 'Hello'], /COMETAPI_KEY/],
    ['a base URL that is none', 2, ['run', '--base-url', 'nonsense', 'Hello'], /base ?url/i],
    ['the version', 0, ['--version'], /^$/],
  ])('%s gives %i', async (_what, expected, args, message) => {
    const { code, stderr } = await runCli(args, { cwd: folder })
    expect(stderr).toMatch(message)
    expect(stderr).not.toMatch(/\n\s+at /)
    expect(code).toBe(expected)
  })

  it('lists them in the help, with examples', async () => {
    const { code, stdout } = await runCli(['--help'])
    expect(code).toBe(0)
    for (const line of ['0    done', '3    stopped at a limit', '130  cancelled', 'antiphon chat agent.ts'])
      expect(stdout).toContain(line)
  })
})

describe('a real endpoint', () => {
  it('is asked by --base-url, and the model by --model', async () => {
    const server = await fakeUpstream({ answers: 'From the endpoint.' })
    try {
      const { code, stdout, stderr } = await runCli(
        ['run', '--base-url', server.url, '--model', 'some-model', 'Hello'],
        { cwd: folder },
      )
      expect({ code, stdout }).toEqual({ code: 0, stdout: 'From the endpoint.\n' })
      expect(stderr).not.toContain('offline')
      expect(server.requests[0]?.body).toMatchObject({ model: 'some-model', stream: true })
    } finally {
      await server.close()
    }
  })

  it('that refuses the key gives 2 and never shows the key', async () => {
    const key = 'sk-very-secret-1234567890'
    const error = { message: `Incorrect API key provided: ${key}.`, code: 'invalid_api_key' }
    const server = await fakeUpstream({ answers: { status: 401, body: { error } } })
    try {
      const { code, stdout, stderr } = await runCli(['run', '--debug', 'Hello'], {
        cwd: folder,
        env: { OPENAI_API_KEY: key, OPENAI_BASE_URL: server.url },
      })
      expect(code).toBe(2)
      expect(stderr).toContain('401')
      expect(stdout + stderr).not.toContain(key)
    } finally {
      await server.close()
    }
  })

  it('that cannot be reached gives 1 and says where', async () => {
    const { code, stderr } = await runCli(['run', '--base-url', 'http://127.0.0.1:1/v1', 'Hello'], {
      cwd: folder,
    })
    expect(code).toBe(1)
    expect(stderr).toContain('Error: The connection to 127.0.0.1:1 failed (ECONNREFUSED).')
  })
})

describe('hostile text', () => {
  it('reaches no terminal: control characters of models and tools are shown, not sent', async () => {
    const { code, stdout, stderr } = await runCli(['run', agentFile('hostile.ts'), 'go'])
    expect(code).toBe(0)
    expect(stdout + stderr).not.toMatch(/[\p{Cc}\u202e](?<![\n\t])/u)
    expect(stdout).toBe(
      'before ␛]0;owned␇␛[2J\\u009b31m\\u202egpj.exe␍ after\nanswer ␛]0;owned␇␛[2J\\u009b31m\\u202egpj.exe\n',
    )
    expect(stderr).toContain('written by a tool')
    expect(stderr).toContain('look(path: "\\u001b]0;owned')
  })
})
