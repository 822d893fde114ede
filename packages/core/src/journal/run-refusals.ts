import { JournalError } from '../errors/journal-error.ts'
import type { NewRecord } from './log-record.ts'

/** The errors with which every store refuses, in the same words. For whoever writes a `RunStore`. */
export const runRefusals = {
  /** There is no run of this id. */
  unknown: (runId: string): JournalError =>
    new JournalError('run_unknown', `There is no run "${runId}" in this store. Start it with agent.run().`),

  /** Somebody who is alive has the run. */
  busy: (runId: string): JournalError =>
    new JournalError(
      'run_busy',
      `A live process has run "${runId}". Follow it (store.follow), wait until it has ended, or take it with takeOver: true.`,
    ),

  /** It was closed, or another one has opened it since. */
  taken: (runId: string): JournalError =>
    new JournalError(
      'run_taken',
      `Run "${runId}" is not this process's any more: it was closed, or another one has opened it since. Nothing was recorded; the other one goes on with it.`,
    ),

  /** Somebody cancelled the run. */
  cancelled: (runId: string, reason?: string | null): JournalError =>
    new JournalError(
      'run_cancelled',
      `Run "${runId}" was cancelled${reason == null ? '' : `: ${reason}`}. It takes no further record; fork it to go on from there.`,
    ),

  /** The run of this id is another one. */
  conflict: (runId: string): JournalError =>
    new JournalError(
      'run_conflict',
      `Run "${runId}" was started with other input or by another agent. Use an id of its own for each run; to go on with this one, resume it.`,
    ),

  /** A key was appended again. */
  repeated: (runId: string, { key, kind }: NewRecord): JournalError =>
    kind === 'decision'
      ? new JournalError(
          'decision_used',
          `Run "${runId}": ${key} was decided before. A decision counts once.`,
        )
      : new JournalError(
          'nondeterministic',
          `Run "${runId}" has a record ${key} already: a step was run twice.`,
        ),
} as const
