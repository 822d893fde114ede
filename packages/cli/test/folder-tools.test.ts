import { execFileSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { isAntiphonError, type ToolContext, type ToolOutput } from 'antiphon'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { folderTools } from '../src/index.ts'

let outer = ''
let root = ''

const write = (path: string, content: string | Buffer): void => {
  mkdirSync(dirname(join(outer, path)), { recursive: true })
  writeFileSync(join(outer, path), content)
}

beforeAll(() => {
  outer = mkdtempSync(join(tmpdir(), 'antiphon-folder-'))
  root = join(outer, 'root')
  write('outside.txt', 'top secret')
  write('root-beside/file.txt', 'beside')
  write('root/README.md', '# Title\nThe needle is here.\n')
  write('root/src/a.ts', "const needle = 'NEEDLE'\n")
  write('root/src/deep/b.tsx', 'x\n')
  write('root/src/deep/[id].ts', 'y\n')
  write('root/node_modules/p/index.ts', 'needle\n')
  write('root/.git/config', 'needle token\n')
  write('root/packages/core/dist/index.d.ts', 'needle\n')
  write('root/.env', 'KEY=needle\n')
  write('root/.env.example', 'KEY=\n')
  write('root/image.png', Buffer.from([0x89, 0x50, 0, 0, 0x6e]))
  write('root/long.txt', `${Array.from({ length: 3000 }, (_, n) => `line ${n + 1}`).join('\n')}\n`)
  write('root/wide.txt', `${'w'.repeat(5000)}needle${'w'.repeat(5000)}`)
  write('root/empty.txt', '')
  symlinkSync(join(outer, 'outside.txt'), join(root, 'link-out.txt'))
  symlinkSync(outer, join(root, 'folder-out'))
  symlinkSync('.env', join(root, 'harmless.txt'))
  symlinkSync('README.md', join(root, 'link-in.md'))
  symlinkSync('.', join(root, 'src/loop'))
})
afterAll(() => rmSync(outer, { recursive: true }))

/** Runs a tool as a call would, with arguments as a model writes them. */
const use = async (name: string, input: Record<string, unknown>): Promise<string> => {
  const tool = folderTools(root).find((one) => one.name === name)
  const checked = await tool?.schema?.parse(input)
  if (!checked?.ok) throw new Error(`invalid: ${checked?.message}`)
  const context = { signal: new AbortController().signal } as ToolContext
  const output = (await tool?.execute?.(checked.value, context)) as ToolOutput
  return output.content as string
}
const listed = async (input: Record<string, unknown>): Promise<string[]> =>
  (await use('list_files', input)).split('\n').slice(0, -1)

describe('the folder is a jail', () => {
  const escapes = [
    '../outside.txt',
    'src/../../outside.txt',
    '..',
    '../root-beside/file.txt',
    'src\\..\\..\\outside.txt',
    '/etc/passwd',
    '//etc/passwd',
    'C:\\Windows\\win.ini',
    'link-out.txt',
    'folder-out/outside.txt',
    'folder-out',
    'README.md\0.txt',
  ]
  it.each(escapes)('refuses %j, for every tool', async (path) => {
    await expect(use('read_file', { path })).rejects.toThrow(/outside the folder/)
    await expect(use('list_files', { path })).rejects.toThrow(/outside the folder/)
    await expect(use('search_text', { query: 'secret', path })).rejects.toThrow(/outside the folder/)
  })

  it('refuses an absolute path even when it leads inside', async () => {
    await expect(use('read_file', { path: join(root, 'README.md') })).rejects.toThrow(/Give a path relative/)
  })

  it('follows a link that stays inside', async () => {
    expect(await use('read_file', { path: 'link-in.md' })).toContain('# Title')
  })

  it.each(['.env', '.git/config', 'harmless.txt', 'src/../.env'])(
    'does not show %s to a model',
    async (path) => {
      await expect(use('read_file', { path })).rejects.toThrow(/may hold secrets/)
    },
  )

  it('shows a template of secrets', async () => {
    expect(await use('read_file', { path: '.env.example' })).toBe('KEY=\n')
  })

  it('cannot be opened where there is no folder', () => {
    expect(() => folderTools(join(outer, 'nowhere'))).toThrow(/nowhere cannot be opened/)
    try {
      folderTools(join(outer, 'nowhere'))
    } catch (error) {
      expect(isAntiphonError(error) && error.code).toBe('invalid_config')
    }
  })
})

describe('list_files', () => {
  it('lists all below, sorted, without installed, built and linked files, and says what it left out', async () => {
    expect(await use('list_files', {})).toBe(
      [
        '.env',
        '.env.example',
        'README.md',
        'empty.txt',
        'image.png',
        'long.txt',
        'src/a.ts',
        'src/deep/[id].ts',
        'src/deep/b.tsx',
        'wide.txt',
        '(10 files; not looked into: .git, dist, node_modules)',
      ].join('\n'),
    )
  })

  it.each<[string | undefined, string, string[]]>([
    ['.', '*.ts', ['src/a.ts', 'src/deep/[id].ts']],
    [undefined, 'src/*', ['src/a.ts']],
    ['src', '*.{ts,tsx}', ['src/a.ts', 'src/deep/[id].ts', 'src/deep/b.tsx']],
    ['src', 'deep/*', ['src/deep/[id].ts', 'src/deep/b.tsx']],
    ['src', 'src/**/*.tsx', ['src/deep/b.tsx']],
    ['.', '[id].ts', ['src/deep/[id].ts']],
    ['./src/', '**/?.ts', ['src/a.ts']],
    ['.', 'README*', ['README.md']],
  ])('in %s for %s', async (path, pattern, expected) => {
    expect(await listed({ ...(path === undefined ? {} : { path }), pattern })).toEqual(expected)
  })

  it('looks into a folder it would skip when that one is asked for', async () => {
    expect(await listed({ path: 'node_modules' })).toEqual(['node_modules/p/index.ts'])
  })

  it('says that there is nothing', async () => {
    expect(await use('list_files', { pattern: '*.rs' })).toMatch(/^No files found/)
    await expect(use('list_files', { path: 'nowhere' })).rejects.toThrow(/There is no nowhere/)
  })

  it('shows the first thousand, and counts all', async () => {
    for (let n = 0; n < 1005; n++) write(`root/many/${n}.txt`, '')
    try {
      const lines = (await use('list_files', { path: 'many' })).split('\n')
      expect(lines).toHaveLength(1001)
      expect(lines.at(-1)).toBe('(truncated: 1000 of 1005 files shown; narrow the path or the pattern)')
    } finally {
      rmSync(join(root, 'many'), { recursive: true })
    }
  })
})

describe('read_file', () => {
  it('gives the text as it is', async () => {
    expect(await use('read_file', { path: 'README.md' })).toBe('# Title\nThe needle is here.\n')
    expect(await use('read_file', { path: 'empty.txt' })).toBe('')
  })

  it('gives a long file in parts, and says how to go on', async () => {
    const first = await use('read_file', { path: 'long.txt' })
    expect(first).toMatch(
      /^line 1\n[\s\S]*line 2000\n\(lines 1 to 2000 of 3001; go on with start_line 2001\)$/,
    )
    const second = await use('read_file', { path: 'long.txt', start_line: 2001 })
    expect(second).toMatch(/^line 2001\n[\s\S]*line 3000\n\n\(lines 2001 to 3001 of 3001\)$/)
    await expect(use('read_file', { path: 'long.txt', start_line: 4000 })).rejects.toThrow(/has 3001 lines/)
  })

  it.each([
    ['src', /src is a folder/],
    ['image.png', /binary file of 5 bytes/],
    ['nope.txt', /There is no nope\.txt/],
    ['README.md/x', /There is no README\.md\/x/],
  ])('explains why it cannot read %s', async (path, message) => {
    await expect(use('read_file', { path })).rejects.toThrow(message)
  })

  it('does not wait for a pipe', async () => {
    execFileSync('sh', ['-c', 'mkfifo "$0"', join(root, 'pipe')])
    try {
      await expect(use('read_file', { path: 'pipe' })).rejects.toThrow(/no regular file/)
    } finally {
      rmSync(join(root, 'pipe'))
    }
  })
})

describe('search_text', () => {
  it('finds upper and lower case, with place and line, and no secrets', async () => {
    expect(await use('search_text', { query: 'Needle' })).toBe(
      [
        'README.md:2: The needle is here.',
        "src/a.ts:1: const needle = 'NEEDLE'",
        `wide.txt:1: …${'w'.repeat(120)}needle${'w'.repeat(114)}…`,
        '(3 matches in 3 files; 9 files searched; not looked into: .git, dist, node_modules)',
      ].join('\n'),
    )
  })

  it('searches one file, or those of a pattern', async () => {
    expect(await use('search_text', { query: 'needle', path: 'README.md' })).toMatch(
      /^README\.md:2: .*\n\(1 matches in 1 files; 1 files searched\)$/,
    )
    expect(await use('search_text', { query: 'needle', pattern: '*.ts' })).toMatch(/^src\/a\.ts:1: .*\n\(/)
  })

  it('takes the query literally', async () => {
    expect(await use('search_text', { query: '.*' })).toMatch(/^No matches for "\.\*"/)
  })

  it('stops at two hundred matches and says so', async () => {
    const lines = (await use('search_text', { query: 'line' })).split('\n')
    expect(lines).toHaveLength(201)
    expect(lines.at(-1)).toMatch(/^\(truncated at 200 matches/)
  })
})
