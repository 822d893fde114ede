import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { defaultLimits, openSandbox } from '../src/index.ts'
import { systemCallFilter } from '../src/seccomp/system-call-filter.ts'
import { folder, inside, missing, needs, opened, python } from './with-sandbox.ts'

describe.skipIf(missing !== undefined)(`running programs in a sandbox${needs}`, () => {
  it('tells the exit code, the signal, and what was written where', async () => {
    const sandbox = await opened()
    expect(await inside(sandbox, ['/bin/sh', '-c', 'echo out; echo err >&2; exit 3'])).toEqual({
      end: 'exit',
      code: 3,
      out: 'out\n',
      err: 'err\n',
    })
    expect(await sandbox.run({ argv: ['/bin/sh', '-c', 'kill -SEGV $$'] })).toMatchObject({
      end: 'signal',
      signal: 'SIGSEGV',
      exitCode: 139,
    })
    expect(await inside(sandbox, ['no-such-program'])).toMatchObject({ end: 'exit', code: 127 })
    expect((await inside(sandbox, ['/usr/bin/wc', '-c'], { stdin: 'x'.repeat(300_000) })).out).toBe(
      '300000\n',
    )
  })

  it('any argument and any input arrives as it was given', async () => {
    const sandbox = await opened()
    const word = fc.string({ unit: 'grapheme', maxLength: 200 }).filter((text) => !text.includes('\0'))
    await fc.assert(
      fc.asyncProperty(
        fc.array(word, { maxLength: 5 }),
        fc.uint8Array({ maxLength: 2_000 }),
        async (words, stdin) => {
          const { stdout } = await sandbox.run({
            argv: python(
              'import sys\nsys.stdout.buffer.write(b"".join(a.encode("utf8", "surrogateescape") + b"\\0" for a in sys.argv[1:]) + sys.stdin.buffer.read())',
              ...words,
            ),
            stdin,
          })
          const expected = Buffer.concat([
            ...words.map((each) => Buffer.from(`${each}\0`)),
            Buffer.from(stdin),
          ])
          expect(Buffer.compare(Buffer.from(stdout), expected)).toBe(0)
        },
      ),
      { numRuns: 15 },
    )
  })

  it('output is told while it comes, and what a listener throws ends the program', async () => {
    const sandbox = await opened()
    const told: string[] = []
    await sandbox.run({
      argv: ['/bin/sh', '-c', 'echo a; echo b >&2'],
      onOutput: (chunk, from) => void told.push(`${from} ${Buffer.from(chunk)}`),
    })
    expect(told.sort()).toEqual(['stderr b\n', 'stdout a\n'])
    const mistake = new Error('mine')
    const running = sandbox.run({
      argv: ['/bin/sh', '-c', 'echo a; sleep 60'],
      onOutput: () => {
        throw mistake
      },
    })
    await expect(running).rejects.toBe(mistake)
  })

  it('a program can be talked to for long', async () => {
    const sandbox = await opened()
    const program = sandbox.start({ argv: ['/bin/cat'], limits: { wallMs: Number.POSITIVE_INFINITY } })
    for (const word of ['one', 'two']) {
      program.stdin.write(word)
      expect(String(await new Promise((resolve) => program.stdout.once('data', resolve)))).toBe(word)
    }
    program.kill()
    expect((await program.ended).end).toBe('aborted')
  })

  it('host and sandbox write into one folder, each what the other made', async () => {
    const path = await folder()
    await writeFile(join(path, 'a'), 'host')
    const sandbox = await opened({
      mounts: [{ hostPath: path, path: '/work', writable: true, handOver: true }],
      cwd: '/work',
    })
    expect((await inside(sandbox, ['/bin/sh', '-c', 'cat a; echo inside > a; pwd'])).out).toBe('host/work\n')
    expect(await readFile(join(path, 'a'), 'utf8')).toBe('inside\n')
    await writeFile(join(path, 'b'), 'later')
    await sandbox.handOver()
    expect((await inside(sandbox, ['/bin/sh', '-c', 'echo more >> b && cat b'])).out).toBe('latermore\n')
  })

  it('what is slow to be set up is not taken for what it is made of', async () => {
    const path = await folder()
    // So many mounts that the watch looks before the last is there; our own /tmp has more files than one.
    const mounts = Array.from({ length: 250 }, (_, index) => ({
      hostPath: path,
      path: `/mounts/${index}`,
      handOver: index === 0,
      writable: index === 0,
    }))
    const sandbox = await opened({ mounts, limits: { files: 1 } })
    expect(await inside(sandbox, ['/bin/sh', '-c', 'ls /mounts | wc -l'])).toMatchObject({
      end: 'exit',
      code: 0,
      out: '250\n',
    })
  })

  it('a closed one runs nothing, and what ran is dead', async () => {
    const sandbox = await openSandbox()
    const program = sandbox.start({ argv: ['/bin/sleep', '100'] })
    await sandbox.close()
    expect((await program.ended).end).toBe('aborted')
    expect(() => sandbox.start({ argv: ['/bin/true'] })).toThrow(
      expect.objectContaining({ code: 'sandbox_closed' }),
    )
    await sandbox.close()
  })
})

describe('what cannot be a sandbox', () => {
  it.each([
    [{ limits: { wallMs: 0 } }],
    [{ limits: { memoryBytes: Number.POSITIVE_INFINITY } }],
    [{ limits: { memory: 1 } as never }],
    [{ mounts: [{ hostPath: '/', path: '/host' }] }],
    [{ mounts: [{ hostPath: '/proc', path: '/host' }] }],
    [{ mounts: [{ hostPath: '/tmp', path: '/usr/x' }] }],
    [{ mounts: [{ hostPath: '/tmp', path: '/work/../etc' }] }],
    [{ mounts: [{ hostPath: '/tmp', path: 'work' }] }],
    [{ mounts: [{ hostPath: '/tmp/antiphon-there-is-no-such', path: '/work' }] }],
    [{ env: { 'A=B': 'x' } }],
    [{ env: { A: 'x\0y' } }],
  ])('%j is a mistake that is told', async (options) => {
    await expect(openSandbox(options)).rejects.toMatchObject({ code: 'invalid_config' })
  })

  it('without bubblewrap nothing runs, and the error says what to install', async () => {
    const path = await mkdtemp(join(tmpdir(), 'antiphon-none-'))
    const opening = openSandbox({ bubblewrapPath: join(path, 'bwrap') })
    await expect(opening).rejects.toMatchObject({ code: 'sandbox_unavailable' })
    await rm(path, { recursive: true })
  })

  it.skipIf(missing !== undefined)(`a bubblewrap that cannot do it is no sandbox${needs}`, async () => {
    const path = await folder()
    await writeFile(
      join(path, 'bwrap'),
      '#!/bin/sh\n[ "$1" = --version ] && echo bubblewrap 0.9.0 && exit 0\nexec /bin/sh -c "exit 0"\n',
      { mode: 0o755 },
    )
    await writeFile(join(path, 'old'), '#!/bin/sh\necho bubblewrap 0.4.1\n', { mode: 0o755 })
    for (const name of ['bwrap', 'old'])
      await expect(openSandbox({ bubblewrapPath: join(path, name) })).rejects.toMatchObject({
        code: 'sandbox_unavailable',
      })
  })

  it('limits have defaults for all that grows', () => {
    for (const value of Object.values(defaultLimits)) expect(Number.isSafeInteger(value)).toBe(true)
  })

  it('the filter is a whole program for each machine: every jump lands in it, and it ends', () => {
    for (const architecture of ['x64', 'arm64'] as const) {
      const bytes = Buffer.from(systemCallFilter(architecture))
      const count = bytes.length / 8
      expect(Number.isInteger(count)).toBe(true)
      for (let index = 0; index < count; index += 1) {
        const isJump = (bytes.readUInt16LE(index * 8) & 7) === 5
        if (isJump)
          expect(index + 1 + Math.max(bytes[index * 8 + 2]!, bytes[index * 8 + 3]!)).toBeLessThan(count)
      }
      expect(bytes.readUInt16LE((count - 1) * 8)).toBe(6)
    }
  })
})
