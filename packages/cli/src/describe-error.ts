import { isAntiphonError } from 'antiphon'
import { CliError } from './cli-error.ts'
import { neutralise } from './terminal/neutralise.ts'

const KEYS = ['COMETAPI_KEY', 'OPENAI_API_KEY']
const MIN_SECRET_CHARS = 8
const HINTS: Readonly<Record<string, string>> = {
  missing_api_key:
    'Set COMETAPI_KEY or OPENAI_API_KEY, name a server that needs none with --base-url, or leave --model out to use the embedded offline model.',
  authentication: 'The key in COMETAPI_KEY or OPENAI_API_KEY was refused.',
  not_found: 'Another model: --model <name>. Another endpoint: --base-url <url>.',
}

/** An error as facts: never a key, never a control character. */
export interface ErrorFacts {
  readonly code: string
  readonly message: string
  readonly hint?: string
}

/** Reads an error of any kind. */
export const errorFacts = (error: unknown): ErrorFacts => {
  const code = isAntiphonError(error) ? error.code : 'run_failed'
  const hint = error instanceof CliError ? error.hint : HINTS[code]
  const message = error instanceof Error ? error.message || error.name : String(error)
  return {
    code,
    message: withoutKeys(neutralise(message)),
    ...(hint === undefined ? {} : { hint: withoutKeys(neutralise(hint)) }),
  }
}

/** The lines that tell a person of an error; the stack and its causes only with `debug`. */
export const describeError = (error: unknown, debug = false): string => {
  const { message, hint } = errorFacts(error)
  const lines = [`Error: ${message}`, ...(hint === undefined ? [] : [hint])]
  if (!debug) return lines.join('\n')
  const seen = new Set<unknown>()
  for (let cause = error; cause instanceof Error && !seen.has(cause); cause = cause.cause) {
    lines.push(
      `${seen.size === 0 ? '' : 'Caused by: '}${withoutKeys(neutralise(cause.stack ?? cause.message))}`,
    )
    seen.add(cause)
  }
  return lines.join('\n')
}

/** The keys of the environment may have got into the message of a tool. */
const withoutKeys = (text: string): string => {
  let clean = text
  for (const name of KEYS) {
    const key = process.env[name]?.trim() ?? ''
    if (key.length >= MIN_SECRET_CHARS) clean = clean.replaceAll(key, '[redacted]')
  }
  return clean
}
