import { errorFacts } from './describe-error.ts'
import { jsonLine } from './json-line.ts'
import type { Presenter, TurnEnd } from './presenter.ts'

/** Every event of a run as a line of JSON, and one of type `result` at the end of each turn. Notes go to `writeNote`. */
export const presentJson = (write: (text: string) => void, writeNote: (line: string) => void): Presenter => ({
  follow(run) {
    run.on('event', (event) => write(jsonLine(event)))
  },
  end: (end) => write(jsonLine(resultLine(end))),
  note: writeNote,
})

const resultLine = ({ exitCode, result, error }: TurnEnd): { type: 'result'; [field: string]: unknown } => ({
  type: 'result',
  exitCode,
  ...(error === undefined ? {} : { error: errorFacts(error) }),
  ...(result === undefined
    ? {}
    : {
        stop: result.stop,
        text: result.text,
        ...(typeof result.output === 'string' ? {} : { output: result.output }),
        usage: result.usage,
        costUsd: result.costUsd,
        turns: result.turns,
        toolCalls: result.toolCalls,
        agent: result.agent,
        runId: result.runId,
        warnings: result.warnings,
        state: result.state,
      }),
})
