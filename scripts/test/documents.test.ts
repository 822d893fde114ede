import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterEach, expect, test } from 'vitest'
import { type Outcome, runCommand } from '../command.mjs'
import { root } from '../setup.mjs'
import { fill } from '../sync-snippets.mjs'

const folders: string[] = []
afterEach(() => {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true })
})

const code = [
  "import assert from 'node:assert/strict'",
  'async function main() {',
  '  // #region ask',
  '  const a = 1',
  '',
  '  if (a) {',
  '    assert.equal(a, 1)',
  '  }',
  '  // #endregion ask',
  '}',
  '',
].join('\n')
const fence = (source: string, body = 'old\n'): string =>
  `Text\n\n<!-- source: ${source} -->\n\`\`\`ts\n${body}\`\`\`\n\nMore\n`

test('a fence is filled from the whole file, without region markers', () => {
  const body = code
    .split('\n')
    .filter((line) => !line.includes('#'))
    .join('\n')
  expect(fill(fence('a.ts'), () => code)).toBe(fence('a.ts', body))
})

test('a fence is filled from a region, moved to the left margin', () => {
  const body = 'const a = 1\n\nif (a) {\n  assert.equal(a, 1)\n}\n'
  expect(fill(fence('a.ts#ask'), () => code)).toBe(fence('a.ts#ask', body))
})

test('filling twice changes nothing', () => {
  const once = fill(fence('a.ts#ask', ''), () => code)
  expect(fill(once, () => code)).toBe(once)
})

test('an unknown region and a source comment without a fence are errors', () => {
  expect(() => fill(fence('a.ts#nope'), () => code)).toThrow('a.ts has no region nope')
  expect(() => fill('<!-- source: a.ts -->\nno fence\n', () => code)).toThrow('without a fence')
})

function write(folder: string, path: string, text: string): void {
  mkdirSync(join(folder, dirname(path)), { recursive: true })
  writeFileSync(join(folder, path), text)
}

const run = (script: string, folder: string, ...args: string[]): Promise<Outcome> =>
  runCommand([process.execPath, join(root, 'scripts', script), folder, ...args])

function scratch(): string {
  const folder = mkdtempSync(join(tmpdir(), 'antiphon-docs-'))
  folders.push(folder)
  return folder
}

test('--check fails on a stale snippet and passes once it is synced', async () => {
  const folder = scratch()
  write(folder, 'examples/01-a.ts', 'export const one = 1\n')
  write(folder, 'README.md', fence('examples/01-a.ts'))
  expect((await run('sync-snippets.mjs', folder, '--check')).output).toContain(
    'README.md is not what its sources say',
  )
  expect((await run('sync-snippets.mjs', folder)).ok).toBe(true)
  expect(readFileSync(join(folder, 'README.md'), 'utf8')).toBe(
    fence('examples/01-a.ts', 'export const one = 1\n'),
  )
  expect((await run('sync-snippets.mjs', folder, '--check')).ok).toBe(true)
})

const agentsTree = (text: string): string =>
  `# Agents\n\n\`check.mjs\` is outside.\n\n## The tree\n\n${text}\n\n## Rules\n\n\`nowhere.ts\` is outside, too.\n`

function treeOfSources(): string {
  const folder = scratch()
  for (const path of ['packages/a/src/run.ts', 'packages/a/src/calls/call.ts', 'scripts/check.mjs'])
    write(folder, path, '')
  // Neither tests nor configuration have to be named.
  for (const path of ['packages/a/test/run.test.ts', 'packages/a/tsup.config.ts', 'scripts/test/a.test.ts'])
    write(folder, path, '')
  return folder
}

test('the tree of AGENTS.md may group files, below a heading and below a folder', async () => {
  const folder = treeOfSources()
  const text =
    '### `packages/a/src/`\n- `calls/` one call:\n  - `call.ts`\n- `run.ts` runs\n\n### `scripts/`\n- `check.mjs`'
  write(folder, 'AGENTS.md', agentsTree(text))
  expect(await run('check/agents-tree.mjs', folder)).toMatchObject({ ok: true, output: '' })
})

test('a source that AGENTS.md does not name fails, and so does a name without a file or a second one', async () => {
  const folder = treeOfSources()
  const text = '### `packages/a/src/`\n- `run.ts`, `gone.ts` and `run.ts`\n\n### `scripts/`\n- `check.mjs`'
  write(folder, 'AGENTS.md', agentsTree(text))
  const { ok, output } = await run('check/agents-tree.mjs', folder)
  expect(ok).toBe(false)
  expect(output.trim().split('\n')).toEqual([
    'AGENTS.md: packages/a/src/calls/call.ts is not named in it',
    'AGENTS.md: packages/a/src/gone.ts, which it names, is not there',
    'AGENTS.md: packages/a/src/run.ts is named twice',
  ])
})

test('no AGENTS.md names nothing', async () => {
  expect((await run('check/agents-tree.mjs', treeOfSources())).ok).toBe(false)
})

const sources = {
  'tsconfig.base.json':
    '{ "compilerOptions": { "module": "NodeNext", "strict": true, "allowImportingTsExtensions": true } }',
  'package.json': '{ "type": "module" }',
  'packages/core/src/index.ts': [
    "export { greet, type GreetOptions } from './greet.ts'",
    "export { AntiphonError, GreetError } from './errors.ts'",
    "export type { LoopEvent } from './events.ts'",
  ].join('\n'),
  'packages/core/src/greet.ts': `
    import { AntiphonError, GreetError } from './errors.ts'
    /** How to greet. */
    export interface GreetOptions {
      /** Milliseconds to wait. @defaultValue 50 */
      waitMs?: number
      /* internal remark */
      name: string
    }
    /**
     * Greets somebody.
     * @param options - who and when
     * @throws AntiphonError \`no_name\`
     */
    export function greet(options: GreetOptions) {
      if (!options.name) throw new AntiphonError('no_name', \`No name in \${options.waitMs}. Give one.\`)
      if (options.name === 'never') throw new GreetError('rude')
      return options.name
    }`,
  'packages/core/src/errors.ts': `
    /** The base. */
    export class AntiphonError<Code extends string = string> extends Error {
      readonly code: Code
      constructor(code: Code, message: string) { super(message); this.code = code }
    }
    /** A greeting went wrong. */
    export class GreetError extends AntiphonError<'greeting_failed'> {
      constructor(word: string) { super('greeting_failed', \`The word \${word} failed.\`) }
    }`,
  'packages/core/src/events.ts': `
    /** It began. */
    interface Started { type: 'run.started'
      /** Which run. */
      runId: string }
    /** What a run tells. */
    export type LoopEvent = Started | { type: 'run.ended' }`,
}

test('the reference names every export with signature, doc, members and defaults; and every error code and event', async () => {
  const folder = scratch()
  for (const [path, text] of Object.entries(sources)) write(folder, path, text)
  expect(await run('reference.mjs', folder)).toMatchObject({ ok: true, output: '' })
  const page = (name: string): string => readFileSync(join(folder, 'docs/reference', name), 'utf8')

  const exports = page('antiphon.md')
  expect(exports).toContain('function greet(options: GreetOptions): string')
  expect(exports).toContain('- `options`: who and when')
  expect(exports).toContain('Throws: AntiphonError `no_name`')
  expect(exports).toContain('- `waitMs?: number`: Milliseconds to wait. Default: `50`.')
  expect(exports).toContain('- `name: string`\n')
  expect(exports).not.toContain('internal remark')
  expect(exports).toContain("class GreetError extends AntiphonError<'greeting_failed'>")

  const errors = page('errors.md')
  expect(errors).toContain('### `no_name`\n\n`AntiphonError`\n\n> No name in …. Give one.')
  expect(errors).toContain(
    '### `greeting_failed`\n\n`GreetError`: A greeting went wrong.\n\n> The word … failed.',
  )

  const events = page('events.md')
  expect(events).toContain('### `run.started`\n\nIt began.\n\n- `runId: string`: Which run.')
  expect(events).toContain('### `run.ended`')

  write(
    folder,
    'packages/core/src/events.ts',
    sources['packages/core/src/events.ts'].replace('It began', 'It starts'),
  )
  const { ok, output } = await run('reference.mjs', folder, '--check')
  expect(ok).toBe(false)
  expect(output).toContain('docs/reference is stale (events.md)')
})
