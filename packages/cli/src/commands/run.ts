import { loadAgent } from '../load-agent.ts'
import type { CommandOptions } from '../options.ts'
import { readPrompt, splitWords } from '../read-prompt.ts'
import { runTurn } from '../run-turn.ts'
import { inSession } from '../session.ts'

/** `antiphon run [agent file] "prompt"` */
export const runCommand = (words: readonly string[], options: CommandOptions): Promise<never> =>
  inSession(options, async (session) => {
    const { file, prompt } = splitWords(words)
    const text = await readPrompt(prompt, process.stdin)
    const agent = await loadAgent(file, options)
    return (await runTurn(agent, text, session)).exitCode
  })
