import { FIND_WORDS, GIT_READERS, READERS, type Reader } from './readers.ts'
import { splitCommand } from './split-command.ts'

/** How far a command that only reads may look. */
export interface ReadOnlyOptions {
  /** It runs where nothing of the host is but the workspace: any path may be read, and `cd` and `git` are allowed. */
  readonly isSandboxed: boolean
}

const SHELLS = new Set(['bash', 'sh', '/bin/bash', '/bin/sh', '/usr/bin/bash', '/usr/bin/sh'])

const isInside = (operand: string): boolean =>
  !operand.startsWith('/') &&
  !operand.startsWith('~') &&
  !operand.split(/[/=:,]/).includes('..') &&
  !operand.includes('=/')

const fits = (reader: Reader, args: readonly string[], { isSandboxed }: ReadOnlyOptions): boolean => {
  let operands = 0
  let isOver = false
  for (const arg of args) {
    if (!isSandboxed && !isInside(arg)) return false
    if (isOver || arg === '-' || !arg.startsWith('-')) operands++
    else if (arg === '--') isOver = true
    else if (arg.startsWith('--')) {
      if (!reader.long.includes(arg.slice(2).split('=', 1)[0]!)) return false
    } else {
      // Letters, then perhaps a value that belongs to the last one: `-n5`, `-k2,3`, `-d:`.
      const letters = /^[A-Za-z0-9]*/.exec(arg.slice(1))![0].replace(/[0-9]+/g, '')
      if (![...letters].every((letter) => reader.short.includes(letter))) return false
      // An attached path would be read as letters in part: `-f/etc/x`.
      if (!isSandboxed && arg.includes('/')) return false
    }
  }
  return operands <= (reader.operands ?? Number.POSITIVE_INFINITY)
}

const onlyReads = (words: readonly string[], options: ReadOnlyOptions): boolean => {
  const [name = '', ...args] = words
  if (name === 'cd') return options.isSandboxed && args.length <= 1 && !args[0]?.startsWith('-')
  if (name === 'find')
    return args.every(
      (arg) =>
        (arg.startsWith('-') ? FIND_WORDS.has(arg) || /^-\d/.test(arg) : true) &&
        (options.isSandboxed || isInside(arg)),
    )
  if (name === 'git') {
    // A repository may name programs that its commands start: only where these could do nothing.
    if (!options.isSandboxed) return false
    const reader = Object.hasOwn(GIT_READERS, args[0] ?? '') ? GIT_READERS[args[0]!] : undefined
    return reader !== undefined && fits(reader, args.slice(1), options)
  }
  const reader = Object.hasOwn(READERS, name) ? READERS[name] : undefined
  return reader !== undefined && fits(reader, args, options)
}

/**
 * True for a command line that is known only to read: every part of it, joined by `|`, `||`, `&&` or `;`, is a program of a short list with options for which that holds. Whatever is not
 * understood is not: redirections, expansions, substitutions, globs, other programs.
 */
export const isReadOnlyCommand = (command: string, options: ReadOnlyOptions): boolean =>
  isKnown(splitCommand(command) ?? [], options)

/** Git is not known to be harmless in a folder that the command chose: whoever writes there can make a repository of it. */
const isKnown = (commands: readonly (readonly string[])[], options: ReadOnlyOptions): boolean => {
  const names = new Set(commands.map(([name]) => name))
  return (
    commands.length > 0 &&
    !(names.has('git') && names.has('cd')) &&
    commands.every((words) => onlyReads(words, options))
  )
}

/** As `isReadOnlyCommand`, for a program and its arguments that no shell reads, unless the program is one: `['bash', '-lc', '…']`. */
export const isReadOnlyArgv = (argv: readonly string[], options: ReadOnlyOptions): boolean => {
  const [name = '', flag = '', text] = argv
  if (SHELLS.has(name)) return argv.length === 3 && /^-l?c$/.test(flag) && isReadOnlyCommand(text!, options)
  return onlyReads(argv, options)
}
