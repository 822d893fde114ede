import { z } from 'zod'

const MAX_COMMANDS = 20
const MAX_COMMAND_CHARS = 100_000

const millis = z.number().int().positive().nullish().describe('Milliseconds that one command may take')

/** What the model gives for `shell`. */
export const ShellArguments = z.object({
  commands: z
    .array(z.string().min(1).max(MAX_COMMAND_CHARS))
    .min(1)
    .max(MAX_COMMANDS)
    .describe(
      'Command lines, run one after the other, each in a shell of its own that begins in the workspace',
    ),
  timeout_ms: millis,
  max_output_length: z.number().int().positive().nullish().describe('Bytes of output to keep of one command'),
})
export type ShellArguments = z.infer<typeof ShellArguments>

/** What the model gives for `local_shell`. */
export const LocalShellArguments = z.object({
  command: z
    .array(z.string().max(MAX_COMMAND_CHARS))
    .min(1)
    .max(1000)
    .describe('A program and its arguments, such as ["bash", "-lc", "ls | wc -l"]'),
  timeout_ms: millis,
  working_directory: z.string().max(1000).nullish().describe('A folder of the workspace, relative to it'),
})
export type LocalShellArguments = z.infer<typeof LocalShellArguments>

/** How long a call may take at most. */
export const callTimeoutMs = (maxTimeoutMs: number): number => maxTimeoutMs * MAX_COMMANDS + 60_000

/** Arguments as the model wrote them, which may be anything. */
export const looseArguments = (text: string): Record<string, unknown> => {
  try {
    const value: unknown = JSON.parse(text)
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {}
  } catch {
    return {}
  }
}

/** The texts in a list that may be anything. */
export const textsIn = (value: unknown): string[] =>
  Array.isArray(value) ? value.filter((each): each is string => typeof each === 'string') : []

/** A number, or null. */
export const numberOrNull = (value: unknown): number | null => (typeof value === 'number' ? value : null)
