import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { agentFile, runCli } from './start-cli.ts'

let folder = ''
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'antiphon-agent-'))
})
afterAll(() => rmSync(folder, { recursive: true }))

const inFolder = (name: string, text: string) => {
  writeFileSync(join(folder, name), text)
  return runCli(['run', name, 'Hello'], { cwd: folder })
}

describe('an agent file', () => {
  it('may export a function, which gets the model of the command line', async () => {
    const { code, stdout } = await runCli(['run', '--model', 'offline', agentFile('factory.mjs'), 'Hello'])
    expect({ code, stdout }).toEqual({ code: 0, stdout: 'I am offline.\n' })
  })

  it('that exports a finished agent is not changed by --model, and that is said', async () => {
    const { code, stderr } = await runCli(['run', '--model', 'gpt-5.4', agentFile('payment.ts'), 'Hello'])
    expect(code).toBe(2)
    expect(stderr).toContain('exports a finished agent, so --model and --base-url cannot change it.')
    expect(stderr).toContain('export default ({ model }) => agent({ model, … })')
  })
})

describe('an agent file that does not work', () => {
  it.each<[string, string, string, RegExp]>([
    ['exports nothing', 'nothing.ts', 'export const x: number = 1\n', /nothing\.ts has no default export/],
    ['exports a text', 'text.mjs', "export default 'agent'\n", /a value of type string as its default/],
    ['makes no agent', 'maker.ts', 'export default (): number => 3\n', /returned a value of type number/],
    ['has a syntax error', 'syntax.ts', 'export default {\n  a: = 3,\n}\n', /Unexpected token/],
    ['throws', 'throws.ts', "const a: number = 1\nthrow new Error('no luck')\n", /no luck \(line 2\)/],
    ['throws in its function', 'late.ts', "export default () => {\n  throw 'a string'\n}\n", /a string/],
    [
      'imports what is not installed',
      'missing.ts',
      "import x from 'no-such-package-here'\nexport default x\n",
      /no-such-package-here, which is not there\.\nInstall it beside the file: npm install no-such-package-here/,
    ],
    [
      'imports what is not installed, in JavaScript',
      'missing.mjs',
      "import x from 'no-such-package-here'\nexport default x\n",
      /no-such-package-here, which is not there\.\nInstall it/,
    ],
  ])('%s: 2, with the reason and without a stack', async (_what, name, text, reason) => {
    const { code, stdout, stderr } = await inFolder(name, text)
    expect(stderr).toMatch(reason)
    expect(stderr).toContain(name)
    expect(stderr).not.toMatch(/\n\s+at /)
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' })
  })

  it('names what it does export', async () => {
    const { stderr } = await inFolder(
      'named.ts',
      'const f = () => 1\nexport const helper = 1, clerk = { run: f, resume: f, asTool: f }\n',
    )
    expect(stderr).toContain('It exports clerk. Add: export default clerk')
  })

  it('shows its stack with --debug', async () => {
    writeFileSync(join(folder, 'boom.ts'), "throw new Error('boom')\n")
    const { code, stderr } = await runCli(['run', '--debug', 'boom.ts', 'Hello'], { cwd: folder })
    expect(code).toBe(2)
    expect(stderr).toMatch(/Caused by: Error: boom\n\s+at .*boom\.ts/)
  })

  it('that fails behind the back of a run ends it with 1 and a message', async () => {
    const { code, stderr } = await inFolder(
      'astray.mjs',
      `const wait = new Promise(() => setTimeout(() => {}, 60000))
setTimeout(() => Promise.reject(new Error('gone astray')), 50)
const never = { result: () => wait, on: () => never, once: () => never }
export default { name: 'x', run: () => never, resume: () => never, asTool: () => never }\n`,
    )
    expect(code).toBe(1)
    expect(stderr).toContain('Error: gone astray')
  })
})
