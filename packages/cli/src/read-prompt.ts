import { CliError } from './cli-error.ts'
import { isAgentFile } from './load-agent.ts'

const MAX_STDIN_BYTES = 20_000_000

/** Splits `run`'s words into the agent file, if the first one names it, and the words of the prompt. */
export const splitWords = (
  words: readonly string[],
): { file: string | undefined; prompt: readonly string[] } =>
  words[0] !== undefined && isAgentFile(words[0])
    ? { file: words[0], prompt: words.slice(1) }
    : { file: undefined, prompt: words }

/**
 * The prompt: the words, where `-` stands for all of standard input; without words, standard input when it is piped.
 *
 * @throws CliError `usage` when there is none.
 */
export const readPrompt = async (words: readonly string[], stdin: NodeJS.ReadStream): Promise<string> => {
  const wantsStdin = words.includes('-') || (words.length === 0 && stdin.isTTY !== true)
  const piped = wantsStdin ? await readAll(stdin) : ''
  const texts = words.map((word) => (word === '-' ? piped : word))
  const prompt = (words.length === 0 ? piped : texts.join(words.includes('-') ? '\n\n' : ' ')).trim()
  if (prompt !== '') return prompt
  throw new CliError(
    'usage',
    wantsStdin ? 'Standard input is empty, so there is no prompt.' : 'There is no prompt.',
    {
      hint: 'Write it behind the command: antiphon run "how many TypeScript files are here?"',
    },
  )
}

const readAll = async (stdin: NodeJS.ReadStream): Promise<string> => {
  const chunks: Buffer[] = []
  let bytes = 0
  for await (const chunk of stdin) {
    const buffer = Buffer.from(chunk as Buffer)
    bytes += buffer.length
    if (bytes > MAX_STDIN_BYTES)
      throw new CliError('usage', `Standard input is longer than ${MAX_STDIN_BYTES / 1e6} MB.`)
    chunks.push(buffer)
  }
  return Buffer.concat(chunks).toString()
}
