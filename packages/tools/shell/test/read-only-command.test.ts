import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { isReadOnlyArgv, isReadOnlyCommand } from '../src/approval/read-only-command.ts'
import { READERS } from '../src/approval/readers.ts'
import { splitCommand } from '../src/approval/split-command.ts'

const sandboxed = { isSandboxed: true }
const bare = { isSandboxed: false }

describe('a command that only reads', () => {
  it.each([
    'ls -la src',
    'cat package.json | head -n 20',
    "grep -rn 'TODO: it is' src | sort | uniq -c",
    'find . -name "*.ts" -type f -maxdepth 3',
    'wc -l src/index.ts; pwd',
    'head -20 a && tail -n5 b',
  ])('%s', (command) => {
    expect(isReadOnlyCommand(command, sandboxed)).toBe(true)
    expect(isReadOnlyCommand(command, bare)).toBe(true)
  })

  it('may look anywhere in a sandbox, and only below the root without one', () => {
    for (const command of [
      'git status --short && git diff --stat',
      'git log --oneline -n 5 | head',
      'cat /etc/hosts',
      'cd src && ls',
      'cat ../x',
      'grep -f/etc/passwd x',
      'diff a /etc/passwd',
      'ls -I=/x ../..',
    ]) {
      expect(isReadOnlyCommand(command, sandboxed), command).toBe(true)
      expect(isReadOnlyCommand(command, bare), command).toBe(false)
    }
  })
})

describe('a command that may do more', () => {
  it.each([
    ...[
      'rm x',
      'ls > x',
      'ls >> x',
      'cat < x',
      'ls & rm x',
      'ls &',
      'ls | sh',
      'ls | xargs rm',
      'ls\nrm x',
      'ls; rm x',
      'ls && rm x',
      'ls || rm x',
    ],
    ...[
      'cat $(rm x)',
      'cat `rm x`',
      'cat "$(rm x)"',
      'cat $X',
      'cat "$X"',
      'cat <(rm x)',
      '(rm x)',
      '{ rm x; }',
      'X=1 ls',
      'ls *',
      'ls ?',
      'ls [ab]',
      'ls {a,b}',
    ],
    ...[
      'sort -o x y',
      'sort --output=x y',
      'sort --out=x y',
      'sort --compress-program=sh y',
      'sort -T /tmp y',
      'uniq a b',
      'xxd -r a b',
      'xxd a b',
      'tree -o x',
    ],
    ...[
      'find . -delete',
      'find . -exec rm x',
      'find . -execdir sh',
      'find . -ok rm',
      'find . -fprint x',
      'find . -fls x',
      'find . -fprintf x y',
    ],
    ...[
      'git commit',
      'git -c core.pager=sh log',
      'git diff --output=x',
      'git log --output x',
      'git diff --ext-diff',
      'git diff --textconv',
      'git show --output-directory=x',
      'git grep -O x',
      'git branch -D x',
      'cd sub && git status',
      'git --exec-path=. status',
      'git diff --no-index a b',
    ],
    ...[
      'env ls',
      'time ls',
      'command ls',
      'exec ls',
      'eval ls',
      'bash -c ls',
      './ls',
      '/tmp/ls',
      'src/../../ls',
      'awk 1',
      'sed -i s/a/b/ x',
      "sed -n 'w x' y",
      'tee x',
      'dd of=x',
      'rg --pre sh x',
      'file -C',
      'date -s 0',
    ],
    ...[
      'ls #x',
      'ls !x',
      'ls ~',
      'ls \\; rm',
      "ls 'x",
      'ls "x',
      '',
      ' ',
      ';',
      'ls;',
      '| ls',
      'ls ||',
      'printf -v x y',
      '\u00A0ls',
      'ls\u00A0x',
      'ls |& sh',
      'ls;;',
      'if true',
      '__proto__ x',
      'constructor',
      'git toString',
    ],
  ])('%s', (command) => {
    expect(isReadOnlyCommand(command, sandboxed)).toBe(false)
  })

  it('is every program that is not on the list', () => {
    fc.assert(
      fc.property(fc.stringMatching(/^[a-z]{1,8}$/), fc.stringMatching(/^[a-z .-]{0,10}$/), (name, rest) => {
        fc.pre(!Object.hasOwn(READERS, name) && !['cd', 'find', 'git'].includes(name))
        expect(isReadOnlyCommand(`${name} ${rest}`, sandboxed)).toBe(false)
      }),
    )
  })

  it('is everything with a sign that a shell reads, outside of single quotes', () => {
    fc.assert(
      fc.property(fc.constantFrom(...'><$`\\*?[]{}()#!~^\n&'), fc.nat(10), (sign, at) => {
        const text = 'cat a b c d'
        expect(splitCommand(text.slice(0, at) + sign + text.slice(at))).toBeUndefined()
        expect(splitCommand(`cat 'x${sign === '\n' ? '*' : sign}y'`)).toEqual([
          ['cat', `x${sign === '\n' ? '*' : sign}y`],
        ])
      }),
    )
  })
})

it('a program and its arguments are read without a shell, unless it is one', () => {
  expect(isReadOnlyArgv(['cat', 'a; rm b'], sandboxed)).toBe(true)
  expect(isReadOnlyArgv(['bash', '-lc', 'cat a'], sandboxed)).toBe(true)
  expect(isReadOnlyArgv(['bash', '-lc', 'cat a; rm b'], sandboxed)).toBe(false)
  expect(isReadOnlyArgv(['bash', '-c', 'cat a', 'x'], sandboxed)).toBe(false)
  expect(isReadOnlyArgv(['bash', 'script.sh'], sandboxed)).toBe(false)
  expect(isReadOnlyArgv(['rm', 'a'], sandboxed)).toBe(false)
  expect(isReadOnlyArgv([], sandboxed)).toBe(false)
})
