import { isReadOnlyArgv, isReadOnlyCommand, type ReadOnlyOptions } from './read-only-command.ts'

/**
 * When a person decides before commands run: always, never, unless all of them are known only to read (`writes`), or as a function says of each command.
 */
export type ShellApproval = 'always' | 'never' | 'writes' | ((command: string) => boolean | Promise<boolean>)

/** Commands as a shell reads them, or one program with its arguments. */
export type Commands = { readonly lines: readonly string[] } | { readonly argv: readonly string[] }

/** True when all of the commands are known only to read. */
export const onlyRead = (commands: Commands, options: ReadOnlyOptions): boolean =>
  'argv' in commands
    ? isReadOnlyArgv(commands.argv, options)
    : commands.lines.every((line) => isReadOnlyCommand(line, options))

/** An argument as a person reads it in a command line. */
const quoted = (word: string): string =>
  /^[\w./:=@%+,-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`

/** A program and its arguments as one line. */
const lineOf = (argv: readonly string[]): string => argv.map(quoted).join(' ')

/** True when a person has to decide. */
export const needsApproval = async (
  rule: ShellApproval,
  commands: Commands,
  options: ReadOnlyOptions,
): Promise<boolean> => {
  if (rule === 'always') return true
  if (rule === 'never') return false
  if (rule === 'writes') return !onlyRead(commands, options)
  for (const line of 'argv' in commands ? [lineOf(commands.argv)] : commands.lines)
    if (await rule(line)) return true
  return false
}
