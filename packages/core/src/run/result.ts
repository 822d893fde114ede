import type { Annotation, InputItem, OutputItem, Response } from '@antiphon/client'
import type { Usage } from '../budget/usage.ts'
import type { Stop } from '../events/stop.ts'
import type { WarningEvent } from '../events/warning.ts'
import type { RunState } from '../state/run-state.ts'

/** What a run leaves behind. */
export interface RunResult<Output = string> {
  /** The final text: the last message of phase `final_answer`, else the last message. */
  text: string
  /** The value of the output schema when the agent has one, else the text. */
  output: Output
  /** Items this run added, verbatim and in order: the model's output and the outputs of its calls. */
  items: InputItem[]
  /** Calls of built-in tools as the wire shows them (`web_search_call`, `mcp_call`, …), whoever executed them; to read, not to send: `items` has what a model needs. */
  toolItems: OutputItem[]
  /** What the final text points to, by the built-in tools that were executed here: citations, files. Those of a provider stand in `items`. */
  annotations: readonly Annotation[]
  /** The whole history: what was given and what was added. Pass it, with a new message, to the next run. */
  history: InputItem[]
  usage: Usage
  /** US dollars by the price table; undefined when the model's price is not known. */
  costUsd: number | undefined
  stop: Stop
  /** Model calls made. */
  turns: number
  /** Calls asked for: function, custom and hosted. */
  toolCalls: number
  /** Name of the agent that spoke last. */
  agent: string
  /** The last response, folded; undefined when none was completed. */
  response: Response | undefined
  /** What had arrived of a response that was cut off; not part of the history. */
  partial?: Response
  /** JSON to resume from, when `stop.reason` is `approval`. */
  state?: RunState
  warnings: readonly WarningEvent[]
  runId: string
}
