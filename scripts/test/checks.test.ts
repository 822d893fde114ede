import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterEach, expect, test } from 'vitest'
import { type Outcome, runCommand } from '../command.mjs'
import { root } from '../setup.mjs'

const folders: string[] = []
afterEach(() => {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true })
})

/** A small tree of files in a folder of its own. */
function tree(files: Record<string, string>): string {
  const folder = mkdtempSync(join(tmpdir(), 'antiphon-check-'))
  folders.push(folder)
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(join(folder, dirname(path)), { recursive: true })
    writeFileSync(join(folder, path), text)
  }
  return folder
}

const check = (name: string, folder: string): Promise<Outcome> =>
  runCommand([process.execPath, join(root, 'scripts/check', `${name}.mjs`), folder])

const imports = (files: Record<string, string>): Promise<Outcome> => {
  const cwd = tree({
    'tsconfig.json': '{ "compilerOptions": { "module": "NodeNext" } }',
    'package.json': '{}',
    ...files,
  })
  const config = join(root, '.dependency-cruiser.cjs')
  return runCommand(['depcruise', '--config', config, '--output-type', 'err', 'packages'], { cwd })
}

test('a file over the hard limit fails, a long one is told, a short one is not', async () => {
  const folder = tree({
    'packages/a/src/huge.ts': 'x\n'.repeat(401),
    'packages/a/src/long.ts': 'x\n'.repeat(201),
    'packages/a/src/short.ts': 'x\n',
  })
  const { ok, output } = await check('sizes', folder)
  expect(ok).toBe(false)
  expect(output).toContain('packages/a/src/huge.ts has 401 lines; the limit is 400')
  expect(output).toContain('201 packages/a/src/long.ts')
  expect(output).not.toContain('short.ts')
})

test('a test file may be longer than a source, within its own limit', async () => {
  const within = tree({ 'packages/a/test/a.test.ts': 'x\n'.repeat(600) })
  const over = tree({ 'packages/a/test/a.test.ts': 'x\n'.repeat(601) })
  expect((await check('sizes', within)).ok).toBe(true)
  expect((await check('sizes', over)).output).toContain('has 601 lines; the limit is 600')
})

test.each(['utils.ts', 'string-helpers.ts', 'shared/a.ts', 'common.mjs', 'run-manager.ts'])(
  'a name that says nothing fails: %s',
  async (name) => {
    const { ok, output } = await check('names', tree({ [`packages/a/src/${name}`]: '' }))
    expect(ok).toBe(false)
    expect(output).toContain(`packages/a/src/${name.split('/')[0]}: name the thing itself`)
  },
)

test('names that only contain such a word inside another pass', async () => {
  const { ok, output } = await check(
    'names',
    tree({
      'packages/a/src/utilise.ts': '',
      'packages/a/src/common-start.ts': '',
      'node_modules/x/utils.js': '',
    }),
  )
  expect({ ok, output }).toEqual({ ok: true, output: '' })
})

test('`export *`, a default export and a re-export below the entry fail, an entry may re-export', async () => {
  const folder = tree({
    'packages/a/src/index.ts': "export { one } from './one.ts'\nexport * from './two.ts'\n",
    'packages/a/src/one.ts': 'export default 1\n',
    'packages/a/src/two.ts': "\nexport { one } from './one.ts'\n",
    'packages/a/tsup.config.ts': 'export default {}\n',
  })
  const { ok, output } = await check('barrels', folder)
  expect(ok).toBe(false)
  expect(output.trim().split('\n').sort()).toEqual([
    'packages/a/src/index.ts:2 has `export *`: list the names',
    'packages/a/src/one.ts:1 has a default export: name it',
    'packages/a/src/two.ts:2 re-exports: only the index.ts of a package does; import the file itself',
  ])
})

test('any in a built declaration fails; the word in a comment, a name or a string does not', async () => {
  const clean = "/** any: any[] */\nexport declare function any(company: 'any'): unknown\n"
  expect((await check('exported-any', tree({ 'packages/a/dist/index.d.ts': clean }))).ok).toBe(true)
  const dirty = tree({
    'packages/a/dist/index.d.ts': `${clean}export declare const list: Map<string, any[]>\n`,
  })
  const { ok, output } = await check('exported-any', dirty)
  expect(ok).toBe(false)
  expect(output).toContain('packages/a/dist/index.d.ts:3 any in an exported type')
})

test('nothing built is not the same as nothing wrong', async () => {
  expect((await check('exported-any', tree({ 'packages/a/src/index.ts': '' }))).ok).toBe(false)
})

test('a cycle made of type imports is a cycle, and an import that points up or through a wall fails', async () => {
  const walls = [
    [
      'floor-0-protocol',
      'packages/client/src/protocol/a.ts',
      '../errors.ts',
      'packages/client/src/errors.ts',
    ],
    ['floor-1-client', 'packages/client/src/a.ts', '../../core/src/run.ts', 'packages/core/src/run.ts'],
    ['floor-2-core', 'packages/core/src/a.ts', '../../cli/src/run.ts', 'packages/cli/src/run.ts'],
    ['public-door', 'packages/core/src/b.ts', '../../client/src/errors.ts', 'packages/client/src/errors.ts'],
    [
      'not-testing',
      'packages/core/src/c.ts',
      './testing/scripted.ts',
      'packages/core/src/testing/scripted.ts',
    ],
  ] as const
  const files: Record<string, string> = {
    'packages/core/src/d.ts': "import type { E } from './e.ts'\nexport interface D { e: E }\n",
    'packages/core/src/e.ts': "import type { D } from './d.ts'\nexport interface E { d: D }\n",
  }
  for (const [, from, specifier, to] of walls) {
    files[from] = `import type { T } from '${specifier}'\nexport type U = T\n`
    files[to] = 'export type T = string\n'
  }
  const { ok, output } = await imports(files)
  expect(ok).toBe(false)
  expect(output).toContain('no-cycle: packages/core/src/d.ts')
  for (const [rule, from, , to] of walls) expect(output).toContain(`${rule}: ${from} → ${to}`)
})

test('imports that point down pass', async () => {
  const { ok, output } = await imports({
    'packages/client/src/protocol/a.ts': 'export type T = string\n',
    'packages/client/src/index.ts': "export type { T } from './protocol/a.ts'\n",
    'packages/core/src/a.ts': "import type { T } from '../../client/src/index.ts'\nexport type U = T\n",
  })
  expect(output).toContain('no dependency violations found')
  expect(ok).toBe(true)
})
