import { chmod, link, readFile, stat, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  applyDiff,
  describePatch,
  type FileOperation,
  type PatchError,
  parsePatch,
  patchFiles,
} from '../src/index.ts'
import { allBelow, scratch } from './scratch.ts'

const failure = async (work: Promise<unknown>): Promise<PatchError> =>
  work.then(
    () => {
      throw new Error('the patch was applied')
    },
    (error: PatchError) => error,
  )
const patchOf = (...lines: string[]): string => ['*** Begin Patch', ...lines, '*** End Patch'].join('\n')

describe('a whole patch', () => {
  it('adds, updates, moves and deletes, and says what it did', async () => {
    const { root, all } = await scratch({ 'a.txt': 'one\ntwo\n', 'old.txt': 'x\n', 'gone.txt': 'y\n' })
    const files = await patchFiles(
      root,
      patchOf(
        '*** Add File: deep/er/new.txt',
        '+hello',
        '+',
        '+world',
        '*** Update File: a.txt',
        '@@',
        ' one',
        '-two',
        '+2',
        '+3',
        '*** Update File: old.txt',
        '*** Move to: deep/moved.txt',
        '@@',
        '-x',
        '+z',
        '*** Delete File: gone.txt',
      ),
    )
    expect(await all()).toEqual({
      'a.txt': 'one\n2\n3\n',
      'deep/': '',
      'deep/er/': '',
      'deep/er/new.txt': 'hello\n\nworld\n',
      'deep/moved.txt': 'z\n',
    })
    expect(describePatch(files)).toBe(
      'Created deep/er/new.txt (3 lines).\nUpdated a.txt (+2 -1 lines from line 2).\nMoved old.txt to deep/moved.txt (+1 -1 lines from line 1).\nDeleted gone.txt.',
    )
  })

  it('may be wrapped in a command, a here-document or a fence, and may lack its first line', () => {
    const body = ['*** Update File: a', '@@', '-x', '+y']
    const expected = [{ type: 'update_file', path: 'a', diff: '@@\n-x\n+y\n' }]
    expect(parsePatch(patchOf(...body))).toEqual(expected)
    expect(parsePatch(`apply_patch <<'EOF'\n${patchOf(...body)}\nEOF\n`)).toEqual(expected)
    expect(parsePatch(`\`\`\`\n${patchOf(...body)}\n\`\`\``)).toEqual(expected)
    expect(parsePatch([...body, '*** End Patch'].join('\r\n'))).toEqual(expected)
  })

  it('of a file about patches keeps to lines that begin at the margin', async () => {
    const { root, read } = await scratch({
      'guide.md': '*** Begin Patch\n*** Update File: x\n-a\n*** End Patch\n',
    })
    await patchFiles(
      root,
      patchOf(
        '*** Update File: guide.md',
        '@@',
        ' *** Begin Patch',
        ' *** Update File: x',
        '--a',
        '+-b',
        ' *** End Patch',
      ),
    )
    expect(await read('guide.md')).toBe('*** Begin Patch\n*** Update File: x\n-b\n*** End Patch\n')
  })

  it('of hostile lines is read in linear time', () => {
    const spaces = ' '.repeat(1_000_000)
    const headers = patchOf(
      `*** Add File: a${spaces}b`,
      '+x',
      `*** Update File: a${spaces}b`,
      `*** Move to: c${spaces}d`,
    )
    expect(parsePatch(headers)).toHaveLength(2)
    expect(() => applyDiff('x\n', `@@ x${spaces}y@@\n-z${spaces}z`)).toThrow(/does not fit/)
  })

  it('is refused when its end is missing: it may have been cut off', async () => {
    const { root, all } = await scratch({ a: 'x\n' })
    const error = await failure(patchFiles(root, '*** Begin Patch\n*** Update File: a\n@@\n-x\n+y'))
    expect(error).toMatchObject({ code: 'patch_invalid', message: expect.stringContaining('cut off') })
    expect(await all()).toEqual({ a: 'x\n' })
  })

  it('may change one file in several sections, and use a file that it made itself', async () => {
    const { root, all } = await scratch({ a: '1\n2\n' })
    await patchFiles(
      root,
      patchOf(
        ...['*** Update File: a', '@@', '-1', '+one', '*** Update File: ./a', '@@', ' one', '-2', '+two'],
        ...['*** Add File: b', '+x', '*** Update File: b', '*** Move to: c', '*** Delete File: a'],
      ),
    )
    expect(await all()).toEqual({ c: 'x\n' })
  })
})

describe('operations of the wire', () => {
  it('create, update and delete', async () => {
    const { root, all } = await scratch({ 'b.txt': 'b\r\nc\r\n', c: '' })
    await patchFiles(root, [
      { type: 'create_file', path: 'a.txt', diff: '+one\n+two\n' },
      { type: 'update_file', path: 'b.txt', diff: '@@\n b\n-c\n+d\n' },
      { type: 'delete_file', path: 'c' },
    ])
    expect(await all()).toEqual({ 'a.txt': 'one\ntwo\n', 'b.txt': 'b\r\nd\r\n' })
  })

  it('take a whole patch in place of a diff only when it is about their file', async () => {
    const { root, all } = await scratch({ a: 'x\n' })
    const diff = patchOf('*** Update File: a', '@@', '-x', '+y')
    await patchFiles(root, [{ type: 'update_file', path: 'a', diff }])
    expect(await all()).toEqual({ a: 'y\n' })
    const other = patchOf('*** Delete File: a')
    expect(await failure(patchFiles(root, [{ type: 'update_file', path: 'a', diff: other }]))).toMatchObject({
      code: 'patch_invalid',
    })
  })

  it('name the file and the operation that failed', async () => {
    const { root, all } = await scratch({ a: 'x\n', b: 'y\n' })
    const error = await failure(
      patchFiles(root, [
        { type: 'update_file', path: 'a', diff: '-x\n+X' },
        { type: 'update_file', path: 'b', diff: '-z\n+Z' },
      ]),
    )
    expect(error.message).toMatch(/^b \(operation 2 of 2\): Hunk 1 does not fit/)
    expect(await all()).toEqual({ a: 'x\n', b: 'y\n' })
  })

  it('refuse to create what exists, and to change or delete what does not', async () => {
    const { root } = await scratch({ a: 'x\n' })
    const refused = async (operation: FileOperation): Promise<string> =>
      (await failure(patchFiles(root, [operation]))).message
    expect(await refused({ type: 'create_file', path: 'a', diff: '+y' })).toMatch(/exists already/)
    expect(await refused({ type: 'update_file', path: 'b', diff: '+y' })).toMatch(/does not exist/)
    expect(await refused({ type: 'delete_file', path: 'c/b' })).toMatch(/does not exist/)
    expect(await refused({ type: 'update_file', path: 'a', diff: '-x\n+y', move_to: 'a' })).toMatch(
      /exists already/,
    )
  })
})

describe('files', () => {
  it('keep their permissions, and leave other names of theirs alone', async () => {
    const { root, outside } = await scratch({ 'run.sh': 'a\n' })
    await chmod(join(root, 'run.sh'), 0o751)
    await link(join(root, 'run.sh'), join(outside, 'same'))
    await patchFiles(root, patchOf('*** Update File: run.sh', '*** Move to: go.sh', '@@', '-a', '+b'))
    expect((await stat(join(root, 'go.sh'))).mode & 0o7777).toBe(0o751)
    expect(await readFile(join(outside, 'same'), 'utf8')).toBe('a\n')
  })

  it('that are not text, are too large, or are no files are refused', async () => {
    const { root, write } = await scratch({
      binary: new Uint8Array([0, 1, 2]),
      latin: new Uint8Array([0xe9, 10]),
    })
    await write('folder/x', 'x')
    await write('big', 'x'.repeat(1001))
    const code = async (path: string): Promise<string> =>
      (
        await failure(
          patchFiles(root, [{ type: 'update_file', path, diff: '-a\n+b' }], { maxFileBytes: 1000 }),
        )
      ).code
    expect(await code('binary')).toBe('patch_not_text')
    expect(await code('latin')).toBe('patch_not_text')
    expect(await code('folder')).toBe('patch_path')
    expect(await code('big')).toBe('patch_too_large')
    const grown = { type: 'create_file', path: 'new', diff: `+${'y'.repeat(1000)}` } as const
    expect((await failure(patchFiles(root, [grown], { maxFileBytes: 1000 }))).code).toBe('patch_too_large')
  })

  it('changed by somebody else meanwhile fail the patch, and keep what was written', async () => {
    const { root, write, read } = await scratch({ a: 'x\n' })
    const { patchFilesInSteps } = await import('../src/patch/patch-files.ts')
    for (const step of ['journal', 'stage 0', 'keep 0', 'apply 0', 'check']) {
      await write('a', 'x\n')
      const patch = patchFilesInSteps(
        root,
        [{ type: 'update_file', path: 'a', diff: '-x\n+y' }],
        {},
        async (now) => {
          // In place, as an editor does that keeps the file: by then the new content may be there already.
          if (now === step && step !== 'check') await writeFile(join(root, 'a'), 'theirs\n')
          if (now === step && step === 'check')
            await writeFile(join(root, '.antiphon-patch/0.old'), 'theirs\n')
        },
      )
      expect((await failure(patch)).code, step).toBe('patch_conflict')
      expect(await read('a'), step).toBe('theirs\n')
    }
  })

  it('replaced or made by somebody else meanwhile fail the patch', async () => {
    const { root, outside, all } = await scratch({ a: 'x\n' })
    const { patchFilesInSteps } = await import('../src/patch/patch-files.ts')
    const { rename } = await import('node:fs/promises')
    await writeFile(join(outside, 'new'), 'theirs\n')
    const replaced = patchFilesInSteps(
      root,
      [{ type: 'update_file', path: 'a', diff: '-x\n+y' }],
      {},
      async (step) => {
        if (step === 'apply 0') await rename(join(outside, 'new'), join(root, 'a'))
      },
    )
    expect((await failure(replaced)).code).toBe('patch_conflict')
    const made = patchFilesInSteps(
      root,
      [{ type: 'create_file', path: 'b', diff: '+y' }],
      {},
      async (step) => {
        if (step === 'apply 0') await writeFile(join(root, 'b'), 'theirs\n')
      },
    )
    expect((await failure(made)).code).toBe('patch_conflict')
    expect(await all()).toEqual({ a: 'theirs\n', b: 'theirs\n' })
  })
})

describe('several patches of one folder', () => {
  it('wait for each other', async () => {
    const { root, read, all } = await scratch({ a: '0\n' })
    const append = (number: number) =>
      patchFiles(root, [{ type: 'update_file', path: 'a', diff: `@@\n+${number}\n*** End of File` }])
    await Promise.all(Array.from({ length: 20 }, (_, number) => append(number + 1)))
    expect(
      (await read('a'))
        .split('\n')
        .filter(Boolean)
        .map(Number)
        .toSorted((a, b) => a - b),
    ).toEqual(Array.from({ length: 21 }, (_, number) => number))
    expect(Object.keys(await all())).toEqual(['a'])
  })

  it('are not begun after an abort', async () => {
    const { root, all } = await scratch({ a: 'x\n' })
    const patch = patchFiles(root, [{ type: 'delete_file', path: 'a' }], {
      signal: AbortSignal.abort(new Error('no')),
    })
    expect((await failure(patch)).message).toBe('no')
    expect(await all()).toEqual({ a: 'x\n' })
  })
})

describe('hostile paths', () => {
  const bad = [
    ...[
      '../a',
      'x/../../a',
      '/etc/passwd',
      'C:/a',
      '~/.bashrc',
      '\\\\host\\a',
      'a\\..\\..\\b',
      '',
      '.',
      '..',
      'a/',
      'a/.',
      'a\0b',
      'a\nb',
    ],
    ...[
      '.git/config',
      'x/.git/hooks/post-commit',
      '.GIT/config',
      '.git./config',
      '.g\u200Cit/config',
      'git~1/config',
      '.git',
    ],
    ...['.antiphon-patch/journal.json', '.antiphon-patch-1/a', `${'a'.repeat(300)}/b`, 'a/'.repeat(600)],
  ]

  it('are refused for every operation, whatever else the patch has', async () => {
    const { root, outside, all } = await scratch({ a: 'x\n' })
    for (const path of bad) {
      for (const type of ['create_file', 'update_file', 'delete_file'] as const) {
        const error = await failure(
          patchFiles(root, [
            { type: 'update_file', path: 'a', diff: '-x\n+y' },
            { type, path, diff: '+evil' } as FileOperation,
          ]),
        )
        expect(error.code, JSON.stringify(path)).toBe('patch_path')
      }
      const move = patchFiles(root, [{ type: 'update_file', path: 'a', diff: '', move_to: path }])
      expect((await failure(move)).code, `move to ${JSON.stringify(path)}`).toBe('patch_path')
    }
    expect(await all()).toEqual({ a: 'x\n' })
    expect(await allBelow(outside)).toEqual({})
  })

  it('through links are followed inside the root only, and never at their last name', async () => {
    const { root, outside, all } = await scratch({ 'in/a': 'x\n', '.git/config': 'c\n' })
    await writeFile(join(outside, 'secret'), 's\n')
    await symlink('in', join(root, 'inner'))
    await symlink(outside, join(root, 'out'))
    await symlink('../outside', join(root, 'up'))
    await symlink('.git', join(root, 'repository'))
    await symlink(join(outside, 'secret'), join(root, 'file'))
    await symlink(join(outside, 'none'), join(root, 'dangling'))
    const before = await all()
    for (const path of [
      'out/secret',
      'up/secret',
      'out/new/deep',
      'repository/config',
      'file',
      'dangling',
      'dangling/x',
      'in/a/b',
    ])
      for (const type of ['create_file', 'update_file', 'delete_file'] as const) {
        const error = await failure(patchFiles(root, [{ type, path, diff: '-s\n+evil' } as FileOperation]))
        expect(error.code, `${type} ${path}`).toBe('patch_path')
      }
    expect(await all()).toEqual(before)
    expect(await allBelow(outside)).toEqual({ secret: 's\n' })
    await patchFiles(root, [{ type: 'update_file', path: 'inner/a', diff: '-x\n+y' }])
    expect(await all()).toEqual({ ...before, 'in/a': 'y\n' })
  })

  it.skipIf(process.platform !== 'linux')(
    'whose folder becomes a link in the middle (needs Linux)',
    async () => {
      const { root, outside } = await scratch({ 'in/a': 'x\n', 'in/b': 'x\n' })
      const { patchFilesInSteps } = await import('../src/patch/patch-files.ts')
      const { rename } = await import('node:fs/promises')
      await writeFile(join(outside, 'a'), 'x\n')
      await patchFilesInSteps(
        root,
        [
          { type: 'update_file', path: 'in/a', diff: '-x\n+evil' },
          { type: 'create_file', path: 'in/new', diff: '+evil' },
          { type: 'delete_file', path: 'in/b' },
        ],
        {},
        async (step) => {
          if (step !== 'stage 0') return
          await rename(join(root, 'in'), join(root, 'away'))
          await symlink(outside, join(root, 'in'))
        },
      )
      expect(await allBelow(outside)).toEqual({ a: 'x\n' })
      expect(await allBelow(join(root, 'away'))).toEqual({ a: 'evil\n', new: 'evil\n' })
    },
  )
})

it('any broken patch leaves every file as it was', async () => {
  const files = { a: '1\n2\n3\n', 'b/c': 'x\r\ny\r\n', d: '' }
  const { root, all } = await scratch(files)
  const before = await all()
  const path = fc.constantFrom('a', 'b/c', 'd', 'new', 'b', 'b/../a', 'q/w')
  const diff = fc.array(fc.constantFrom('@@', ' 1', '-2', '+n', '-x', ' y', '*** End of File', '-1'), {
    maxLength: 5,
  })
  const operation = fc.record({
    type: fc.constantFrom('create_file' as const, 'update_file' as const, 'delete_file' as const),
    path,
    diff: diff.map((lines) => lines.join('\n')),
  })
  const broken: FileOperation = { type: 'update_file', path: 'a', diff: '-nowhere\n+x' }
  await fc.assert(
    fc.asyncProperty(
      fc.array(operation, { maxLength: 4 }),
      fc.array(operation, { maxLength: 2 }),
      async (one, two) => {
        await failure(patchFiles(root, [...one, broken, ...two] as FileOperation[]))
        expect(await all()).toEqual(before)
      },
    ),
    { numRuns: 60 },
  )
})
