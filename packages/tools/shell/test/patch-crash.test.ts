import { execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdir, readdir, readFile, symlink, writeFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { describe, expect, it } from 'vitest'
import { type FileOperation, type PatchError, patchFiles } from '../src/index.ts'
import { patchFilesInSteps } from '../src/patch/patch-files.ts'
import { allBelow, scratch } from './scratch.ts'

const before = { 'a.txt': 'a\n', 'gone.txt': 'g\n', 'move.txt': 'm\n', 'sub/b.txt': 'b\n' }
const operations: FileOperation[] = [
  { type: 'update_file', path: 'a.txt', diff: '-a\n+A' },
  { type: 'create_file', path: 'new/folder/c.txt', diff: '+c' },
  { type: 'delete_file', path: 'gone.txt' },
  { type: 'update_file', path: 'move.txt', diff: '-m\n+M', move_to: 'sub/moved.txt' },
  { type: 'update_file', path: 'sub/b.txt', diff: '-b\n+B' },
]
const old = { ...before, 'sub/': '' }
const done = {
  'a.txt': 'A\n',
  'new/': '',
  'new/folder/': '',
  'new/folder/c.txt': 'c\n',
  'sub/': '',
  'sub/b.txt': 'B\n',
  'sub/moved.txt': 'M\n',
}

const steps = async (): Promise<string[]> => {
  const { root } = await scratch(before)
  const seen: string[] = []
  await patchFilesInSteps(root, operations, {}, (step) => void seen.push(step))
  return seen
}

/** A harmless patch, as the next one of this folder: it takes back what a dead one began. */
const nextPatch = async (root: string): Promise<void> => {
  await patchFiles(root, [{ type: 'create_file', path: 'next', diff: '+n' }])
  await patchFiles(root, [{ type: 'delete_file', path: 'next' }])
}

/** Patches that stopped for ever, kept so that what they hold open is not collected. */
const stopped: (() => void)[] = []

const file = (path: string): string => fileURLToPath(new URL(path, import.meta.url))
const tsx = pathToFileURL(createRequire(file('../../../../package.json')).resolve('tsx')).href
const config = file(
  process.env.TEST_BUILT === undefined ? '../../../../tsconfig.json' : '../../../../examples/tsconfig.json',
)
const diesAt = async (root: string, step: string): Promise<void> => {
  const main = file('./patch-process-main.ts')
  const child = spawn(process.execPath, ['--import', tsx, main, root, step, JSON.stringify(operations)], {
    stdio: ['ignore', 'ignore', 'inherit'],
    env: { ...process.env, TSX_TSCONFIG_PATH: config },
  })
  const [, signal] = (await once(child, 'exit')) as [number | null, string | null]
  expect(signal).toBe('SIGKILL')
}

/** A patch that stops for ever before that step, as if its process were gone: this one is not. */
const stopsAt = async (root: string, step: string): Promise<void> => {
  await new Promise<void>((resolve) => {
    void patchFilesInSteps(root, operations, {}, (now) => {
      if (now !== step) return
      resolve()
      return new Promise((go) => stopped.push(go))
    })
  })
  const owner = join(root, '.antiphon-patch/owner.json')
  await writeFile(owner, (await readFile(owner, 'utf8')).replace('"released":false', '"released":true'))
}

describe('a patch', () => {
  it('that fails at any step leaves every file as it was, and nothing beside them', async () => {
    for (const step of await steps()) {
      const { root, all } = await scratch(before)
      const failed = patchFilesInSteps(root, operations, {}, (now) => {
        if (now === step) throw new Error('the disk is full')
      })
      await expect(failed, step).rejects.toMatchObject({ code: 'patch_failed', message: /the disk is full/ })
      expect(await all(), step).toEqual(old)
    }
  })

  it('whose process dies at a step is taken back by the next one', async () => {
    for (const step of ['apply 2', 'commit']) {
      const { root, all } = await scratch(before)
      await diesAt(root, step)
      expect(await readdir(root), step).toContain('.antiphon-patch')
      await nextPatch(root)
      expect(await all(), step).toEqual(old)
    }
  }, 180_000)

  it('that stops for ever at any step is taken back when its process is gone', async () => {
    for (const step of await steps()) {
      const { root, all } = await scratch(before)
      await stopsAt(root, step)
      await nextPatch(root)
      expect(await all(), step).toEqual(old)
    }
  })

  it('that dies while it takes another one back is taken back with it', async () => {
    const { root, all } = await scratch(before)
    await stopsAt(root, 'apply 3')
    // The second one takes the first one back, then dies itself.
    await diesAt(root, 'commit')
    await nextPatch(root)
    expect(await all()).toEqual(old)
  }, 180_000)

  it('is made whole when nothing stops it', async () => {
    const { root, all } = await scratch(before)
    await patchFiles(root, operations)
    expect(await all()).toEqual(done)
  })

  it('taken back keeps what somebody wrote after the crash, and what was there before beside it', async () => {
    const { root, write, read } = await scratch(before)
    await stopsAt(root, 'commit')
    await write('a.txt', 'theirs\n')
    await nextPatch(root)
    expect(await read('a.txt')).toBe('theirs\n')
    expect(await read('a.txt.before-patch')).toBe('a\n')
    expect(await read('gone.txt')).toBe('g\n')
  })
})

it('a staging folder made by somebody else leads nowhere outside of the root', async () => {
  const { root, outside, all } = await scratch({ 'x.txt': 'x\n' })
  await writeFile(join(outside, 'victim'), 'v\n')
  await symlink(outside, join(root, 'out'))
  const left = '.antiphon-patch-forged'
  const journal = {
    folders: ['../outside', 'out'],
    changes: ['../outside/victim', 'out/victim', '.git/hooks/x', '/etc/victim'].map((path) => ({
      path,
      before: 'b',
      after: null,
    })),
  }
  const write = (name: string, text: string): Promise<void> => writeFile(join(root, left, name), text)
  await mkdir(join(root, left))
  await write('journal.json', JSON.stringify(journal))
  for (const number of [0, 1, 2, 3]) await write(`${number}.old`, 'evil')
  await nextPatch(root)
  expect(await allBelow(outside)).toEqual({ victim: 'v\n' })
  expect(Object.keys(await all())).toEqual(['out', 'x.txt'])
})

it.skipIf(process.platform !== 'linux')(
  'pipes, links and deep folders in place of staging hold nobody up (needs mkfifo)',
  async () => {
    const { root, outside, all } = await scratch({ 'x.txt': 'x\n' })
    const pipe = (path: string): void => void execFileSync('/bin/sh', ['-c', 'mkfifo "$0"', join(root, path)])
    await symlink(outside, join(root, '.antiphon-patch-link'))
    pipe('.antiphon-patch-pipe')
    await mkdir(join(root, '.antiphon-patch-1'))
    pipe('.antiphon-patch-1/journal.json')
    await mkdir(join(root, '.antiphon-patch-2'))
    const journal = { folders: [], changes: [{ path: 'x.txt', before: 'other', after: 'other' }] }
    await writeFile(join(root, '.antiphon-patch-2/journal.json'), JSON.stringify(journal))
    pipe('.antiphon-patch-2/0.old')
    await mkdir(join(root, Array<string>(60).fill('.antiphon-patch-deep').join('/')), { recursive: true })
    await nextPatch(root)
    expect(await all()).toEqual({ 'x.txt': 'x\n' })
  },
)

it('a patch does not begin while another one of a living process is at work', async () => {
  const { root, all } = await scratch(before)
  await new Promise<void>((resolve) => {
    void patchFilesInSteps(root, operations, {}, () => {
      resolve()
      return new Promise((go) => stopped.push(go))
    })
  })
  await expect(patchFiles(root, operations)).rejects.toMatchObject({ code: 'patch_busy', retryable: true })
  expect(await all()).toMatchObject(before)
})

it('two patches of one folder at the same time do not mix', async () => {
  const { root, all } = await scratch(before)
  const seen: Promise<unknown>[] = []
  await patchFilesInSteps(root, operations, {}, async (step) => {
    if (step !== 'apply 2') return
    seen.push(
      patchFiles(root, [{ type: 'update_file', path: 'sub/b.txt', diff: '-B\n+after' }]),
      patchFiles(root, [{ type: 'update_file', path: 'sub/b.txt', diff: '-b\n+never' }]).catch(
        (error: PatchError) => error.code,
      ),
    )
    await new Promise((resolve) => setTimeout(resolve, 100))
  })
  expect((await Promise.all(seen)).at(-1)).toBe('patch_mismatch')
  expect(await all()).toEqual({ ...done, 'sub/b.txt': 'after\n' })
  expect(await readFile(join(root, 'a.txt'), 'utf8')).toBe('A\n')
})
