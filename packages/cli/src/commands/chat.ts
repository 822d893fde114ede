import { type Agent, type RunResult, repairItems } from 'antiphon'
import { EXIT, type ExitCode } from '../exit-code.ts'
import { INTERRUPTED } from '../line-source.ts'
import { loadAgent } from '../load-agent.ts'
import type { CommandOptions } from '../options.ts'
import { runTurn } from '../run-turn.ts'
import { inSession, type Session } from '../session.ts'
import { formatCost, plural } from '../terminal/format.ts'

const HELP = `/reset  forget the conversation
/usage  tokens and cost so far
/exit   leave (Ctrl-D does, too)
Ctrl-C cancels an answer; what was said stays in the conversation.`

type History = RunResult<unknown>['history']

/** `antiphon chat [agent file]` */
export const chatCommand = (file: string | undefined, options: CommandOptions): Promise<never> =>
  inSession(options, async (session) => {
    const agent = await loadAgent(file, options)
    const onTerminal = process.stdin.isTTY === true
    if (onTerminal)
      session.presenter.note(session.terminal.colors.dim(`Chat with ${agent.name}. /help says more.`))
    const last = await chat(agent, session, onTerminal)
    // A person has seen how the turns ended; a program reads it from the code.
    return onTerminal ? EXIT.done : last
  })

const chat = async (agent: Agent<unknown>, session: Session, onTerminal: boolean): Promise<ExitCode> => {
  const { presenter, terminal } = session
  const lines = session.lines()
  const spent = { totalTokens: 0, costUsd: 0, turns: 0 }
  let history: History = []
  let last: ExitCode = EXIT.done
  let warned = false
  for (;;) {
    const line = await lines.next(terminal.colors.cyan('› '))
    if (line === INTERRUPTED) {
      if (warned) return EXIT.cancelled
      warned = true
      presenter.note('Ctrl-C again, or /exit, leaves the chat.')
      continue
    }
    warned = false
    if (line === undefined) return last
    const text = line.trim()
    switch (text) {
      case '':
        continue
      case '/exit':
      case '/quit':
        return last
      case '/help':
        presenter.note(HELP)
        continue
      case '/reset':
        history = []
        presenter.note('The conversation begins anew.')
        continue
      case '/usage':
        presenter.note(
          `${plural(spent.turns, 'model call')}, ${plural(spent.totalTokens, 'token')}${spent.costUsd > 0 ? `, ${formatCost(spent.costUsd)}` : ''}`,
        )
        continue
    }
    if (/^\/[a-z]+$/.test(text)) {
      presenter.note(`There is no command ${text}.\n${HELP}`)
      continue
    }
    const input: History = [...history, { type: 'message', role: 'user', content: text }]
    const { result, exitCode } = await runTurn(agent, input, session)
    last = exitCode
    if (result !== undefined) {
      // Calls that nobody decided on get an output that says so: only then may the conversation go on.
      history = result.stop.reason === 'approval' ? repairItems(result.history) : result.history
      spent.turns += result.turns
      spent.totalTokens += result.usage.totalTokens
      spent.costUsd += result.costUsd ?? 0
    }
    if (exitCode === EXIT.approval && !onTerminal) return exitCode
  }
}
