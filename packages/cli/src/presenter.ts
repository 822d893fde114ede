import type { Run, RunResult } from 'antiphon'
import type { ExitCode } from './exit-code.ts'

/** How a turn ended. */
export interface TurnEnd {
  readonly exitCode: ExitCode
  /** All that was reached, also by a run that failed. */
  readonly result?: RunResult<unknown>
  readonly error?: unknown
}

/** Shows what happens: as text for people, or as JSON lines for programs. */
export interface Presenter {
  /** Shows a run until it stops. A turn with approvals has several. */
  follow(run: Run<unknown>): void
  /** Shows how the turn ended. */
  end(end: TurnEnd): void
  /** Says something beside the answer. */
  note(text: string): void
}
