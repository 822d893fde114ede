import { readdirSync, readFileSync } from 'node:fs'
import { mkdir } from 'node:fs/promises'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { describe, expect, it, onTestFinished } from 'vitest'
import { noSandbox, runners, shellOn } from './runners.ts'
import { scratch } from './scratch.ts'

/** Living processes of this machine whose command line has the word. */
const alive = (word: string): number =>
  readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .filter((name) => {
      try {
        const stat = readFileSync(`/proc/${name}/stat`, 'latin1')
        return (
          readFileSync(`/proc/${name}/cmdline`, 'latin1').includes(word) &&
          !stat.slice(stat.lastIndexOf(')') + 2).startsWith('Z')
        )
      } catch {
        return false
      }
    }).length
const gone = async (word: string): Promise<void> => {
  await expect.poll(() => alive(word)).toBe(0)
}
let words = 0
const word = (): string => `31${process.pid}${String(++words).padStart(3, '0')}`
/** Ignores SIGTERM, leaves its group, its session and its parents, and sleeps. */
const clinging = (name: string): string =>
  `trap '' TERM HUP INT; (setsid bash -c "trap '' TERM HUP INT; (sleep ${name} & sleep ${name})" &) ; (sleep ${name} &) ; sleep ${name}`

for (const [kind, make] of Object.entries(runners)) {
  const missing = kind === 'sandboxed' ? noSandbox : process.platform === 'linux' ? undefined : 'Linux'
  describe.skipIf(missing !== undefined)(
    `commands, ${kind}${missing ? ` (missing: ${missing})` : ''}`,
    () => {
      it('run in order in the root, each with its output and its end', async () => {
        const { root, read } = await scratch({ 'a.txt': 'hello\n' })
        const outputs = await shellOn(make(root))([
          'cat a.txt; echo oops >&2; exit 3',
          'echo more >> a.txt',
          'cat a.txt',
          'kill -9 $$',
        ])
        expect(outputs).toEqual([
          { stdout: 'hello\n', stderr: 'oops\n', outcome: { type: 'exit', exit_code: 3 } },
          { stdout: '', stderr: '', outcome: { type: 'exit', exit_code: 0 } },
          { stdout: 'hello\nmore\n', stderr: '', outcome: { type: 'exit', exit_code: 0 } },
          { stdout: '', stderr: '', outcome: { type: 'exit', exit_code: 137 } },
        ])
        expect(await read('a.txt')).toBe('hello\nmore\n')
      })

      it('have none of our environment, and no input', async () => {
        const { root } = await scratch()
        process.env.ANTIPHON_TEST_SECRET = 'sesame'
        onTestFinished(() => {
          delete process.env.ANTIPHON_TEST_SECRET
        })
        const [env, input] = await shellOn(make(root))(['env', 'cat; echo end'])
        expect(env!.stdout).not.toMatch(/sesame|npm_|NODE_|VITEST/)
        expect(env!.stdout).toMatch(/^PATH=/m)
        expect(input!.stdout).toBe('end\n')
      })

      it('are killed with everything they started when their time is up, and the next one runs', async () => {
        const { root } = await scratch()
        const name = word()
        const outputs = await shellOn(make(root))([`echo begun; ${clinging(name)}`, 'echo next'], {
          timeoutMs: 1500,
        })
        expect(outputs).toEqual([
          { stdout: 'begun\n', stderr: '', outcome: { type: 'timeout' } },
          { stdout: 'next\n', stderr: '', outcome: { type: 'exit', exit_code: 0 } },
        ])
        await gone(name)
      })

      it('are killed with everything they started on an abort', async () => {
        const { root } = await scratch()
        const name = word()
        const abort = new AbortController()
        const running = shellOn(make(root))([clinging(name), 'touch after'], { signal: abort.signal })
        const refused = expect(running).rejects.toThrow('enough')
        await expect.poll(() => alive(name)).toBeGreaterThan(2)
        abort.abort(new Error('enough'))
        await refused
        await gone(name)
        expect(readdirSync(root)).toEqual([])
      })

      it('leave nothing behind when they end by themselves', async () => {
        const { root } = await scratch()
        const name = word()
        const [output] = await shellOn(make(root))([
          `setsid sleep ${name} & (sleep ${name} &) ; sleep 0.2; echo done`,
        ])
        expect(output).toMatchObject({ stdout: 'done\n', outcome: { type: 'exit', exit_code: 0 } })
        await gone(name)
      })

      it('have the middle of a long output cut', async () => {
        const { root } = await scratch()
        const [output] = await shellOn(make(root))(['seq 1 100000; echo é é >&2'], { maxOutputBytes: 1000 })
        expect(output!.stdout).toMatch(/^1\n2\n[\s\S]*\n\[… \d+ bytes cut here …\]\n[\s\S]*\n100000\n$/)
        expect(Buffer.byteLength(output!.stdout)).toBeLessThanOrEqual(1000)
        expect(output!.stderr).toBe('é é\n')
      })

      it('are killed when they write without end', async () => {
        const { root } = await scratch()
        const [output] = await shellOn(make(root))(['cat /dev/zero'], { timeoutMs: 60_000 })
        expect(output!.outcome).toEqual({ type: 'exit', exit_code: 137 })
        expect(output!.stderr).toMatch(/killed: it wrote too much/)
      })

      it('run in a folder below the root, and say when there is no such program', async () => {
        const { root } = await scratch()
        await mkdir(join(root, 'sub'))
        const [where] = await shellOn(make(root))(['pwd; no-such-program'], { folder: 'sub' })
        expect(where!.stdout.trimEnd().endsWith('/sub')).toBe(true)
        expect(where!.outcome).toEqual({ type: 'exit', exit_code: 127 })
      })
    },
  )
}

describe.skipIf(noSandbox !== undefined)(`the sandbox${noSandbox ? ` (missing: ${noSandbox})` : ''}`, () => {
  it('has no network, no files of the host, and .git only for reading', async () => {
    const { root, outside, read } = await scratch({ '.git/config': 'c\n' })
    const server = createServer((_, answer) => answer.end('reached'))
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    onTestFinished(() => void server.close())
    const { port } = server.address() as AddressInfo
    const outputs = await shellOn(runners.sandboxed!(root))([
      `exec 3<>/dev/tcp/127.0.0.1/${port} && printf 'GET / HTTP/1.0\\r\\n\\r\\n' >&3 && cat <&3`,
      `ls ${outside}`,
      'echo evil >> .git/config',
      'mv .git away',
      'cat .git/config',
    ])
    expect(outputs.map(({ outcome }) => outcome.type === 'exit' && outcome.exit_code === 0)).toEqual([
      false,
      false,
      false,
      false,
      true,
    ])
    expect(outputs[0]!.stdout).not.toContain('reached')
    expect(await read('.git/config')).toBe('c\n')
  })

  it('has git that starts nothing of what a folder names', async () => {
    const { root, write, all } = await scratch()
    await write('HEAD', 'ref: refs/heads/main\n')
    await write('objects/x', '')
    await write('refs/x', '')
    await write('config', '[core]\nbare = false\nworktree = .\nfsmonitor = "touch evil; false"\n')
    const made = [
      'cd /workspace && git init -q sub && git -C sub config core.fsmonitor "touch evil; false"',
      'cd sub && git status',
    ]
    const [bare, , sub] = await shellOn(runners.sandboxed!(root))(['git status', ...made])
    expect(bare!.stderr).toMatch(/bare repository/)
    expect(sub!.stdout).toMatch(/No commits yet/)
    const evil = async () => Object.keys(await all()).filter((path) => path.endsWith('evil'))
    expect(await evil()).toEqual([])
    // What it would start without that.
    await shellOn(runners.sandboxed!(root))(['cd sub && env -u GIT_CONFIG_COUNT git status'])
    expect(await evil()).toEqual(['sub/evil'])
  })

  it('can write nothing when it is made for reading', async () => {
    const { root } = await scratch({ a: 'x\n' })
    const { sandboxRunner } = await import('../src/command/sandbox-runner.ts')
    const runner = sandboxRunner({ root, writable: false, protectedNames: [], env: {}, limits: {} })
    const outputs = await shellOn(runner)(['echo evil > a', 'touch b', 'cat a'])
    expect(outputs.map(({ outcome }) => outcome)).toEqual(
      [1, 1, 0].map((exit_code) => ({ type: 'exit', exit_code })),
    )
  })

  it.skipIf(process.getuid?.() === 0)(
    'cannot be written by commands that are known only to read (not as root)',
    async () => {
      const { root } = await scratch({ a: 'x\n' })
      const [output] = await shellOn(runners.sandboxed!(root))(['echo evil > a'], { access: 'read' })
      expect(output).toMatchObject({
        stderr: expect.stringContaining('Read-only'),
        outcome: { exit_code: 1 },
      })
    },
  )

  it('gives the root back as it was', async () => {
    const { root } = await scratch({ a: 'x\n' })
    const { lstatSync } = await import('node:fs')
    const { uid } = lstatSync(root)
    const runner = runners.sandboxed!(root)
    await shellOn(runner)(['echo new > b'])
    await runner.close()
    expect([lstatSync(root).uid, lstatSync(join(root, 'b')).uid]).toEqual([uid, uid])
  })
})
