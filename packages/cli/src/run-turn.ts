import { type Agent, isAntiphonError, type RunInput, type RunResult } from 'antiphon'
import { EXIT, exitCodeOf, exitCodeOfError } from './exit-code.ts'
import type { TurnEnd } from './presenter.ts'
import type { Session } from './session.ts'

/** Runs an agent until it stops for good: asks for approvals and goes on, and is cancelled by Ctrl-C. Shows everything, the end included. */
export const runTurn = async (agent: Agent<unknown>, input: RunInput, session: Session): Promise<TurnEnd> => {
  const end = await followTurn(agent, input, session)
  session.presenter.end(end)
  return end
}

/** The same without showing the end. */
export const followTurn = async (
  agent: Agent<unknown>,
  input: RunInput,
  session: Session,
): Promise<TurnEnd> => {
  const { presenter, interrupt, limits } = session
  try {
    let run = agent.run(input, { limits })
    for (;;) {
      const current = run
      interrupt.watch(() => {
        presenter.note('Cancelling. Ctrl-C again ends the program at once.')
        current.cancel('cancelled by the user')
      })
      session.watchModel(current)
      presenter.follow(current)
      const result = await current.result()
      interrupt.watch(undefined)
      if (result.stop.reason !== 'approval' || result.state === undefined)
        return { exitCode: exitCodeOf(result.stop), result }
      const decisions = await session.approve(result.stop.pending)
      if (decisions === 'nobody') return { exitCode: EXIT.approval, result }
      if (decisions === 'cancelled') return { exitCode: EXIT.cancelled, result }
      run = agent.resume(result.state, decisions, { limits })
    }
  } catch (error) {
    return { exitCode: exitCodeOfError(error), error, result: resultOf(error) }
  } finally {
    interrupt.watch(undefined)
  }
}

/** What a failed run had reached. Not told by class: the agent file may have an Antiphon of its own. */
const resultOf = (error: unknown): RunResult<unknown> | undefined =>
  isAntiphonError(error) && 'result' in error ? (error.result as RunResult<unknown>) : undefined
