import { ConfigError } from '../errors.ts'
import { likeModel } from '../middleware/like-model.ts'
import type { Model } from '../model.ts'
import type { LogRecord } from './log-record.ts'
import { play } from './replay.ts'
import { requestsOf } from './requests-of.ts'
import { type ReplayOptions, recordsOf, Tape } from './tape.ts'

/** Where a run branches off, and what answers from there on. */
export interface ForkOptions extends ReplayOptions {
  /** Model calls of the run that are replayed, those of runs inside their calls included. 0 replays nothing. */
  readonly at: number
  /** Answers everything after them. */
  readonly model: Model
}

/**
 * A model that replays the first `at` turns of a log strictly, and then asks another: the same beginning, with another model, other instructions from there on, or another
 * try. Use it for one run.
 *
 * @throws JournalError as `replay()` does; ConfigError `invalid_config` when the log has fewer turns.
 */
export const fork = (log: string | readonly LogRecord[], options: ForkOptions): Model => {
  const { at, model } = options
  const calls = requestsOf(recordsOf(log))
  const turns = calls.filter(({ key }) => /^t\d+\/model$/.test(key)).length
  if (!Number.isInteger(at) || at < 0 || at > turns)
    throw new ConfigError(
      'invalid_config',
      `Expected \`at\` of fork() to be a whole number from 0 to ${turns}, the turns of the log, got \`${at}\`.`,
    )
  const tape = new Tape(
    calls.filter(({ key }) => Number(/^t(\d+)\//.exec(key)?.[1]) < at),
    options,
  )
  const forked: Model = async (request, sink, context) => {
    if (tape.left === 0) return model(request, sink, context)
    play(tape.take(request, context.input !== undefined), sink)
  }
  return likeModel(model, forked)
}
