import { eventsOf } from '@antiphon/client'
import type { EventSink, Model } from '../model.ts'
import type { LogRecord } from './log-record.ts'
import type { RecordedCall } from './requests-of.ts'
import { type ReplayOptions, Tape } from './tape.ts'

/**
 * A model that answers from a log: the records of a run, or their JSON lines. Strict: a request is answered with the recorded response of an equal request, equal ones in
 * their order, each once; anything else is an error that says where the nearest recorded request differs. Nothing goes over a network, and no call costs anything.
 *
 * Runs inside calls are answered, too, by the same model. Deltas are made from the response. A log of a run has what the loop asked for: middleware that changes requests is left out of a replay, or
 * lies outside of what `record()` wraps.
 *
 * @throws JournalError `log_damaged`, `log_version`; each call: `replay_mismatch`, with `key` and `path`.
 */
export const replay = (log: string | readonly LogRecord[], options: ReplayOptions = {}): Model => {
  const tape = Tape.of(log, options)
  const model: Model = async (request, sink, context) => {
    play(tape.take(request, context.input !== undefined), sink)
  }
  const { modelName } = tape
  return Object.assign(model, modelName === undefined ? {} : { modelName })
}

/** Pushes the events of a recorded answer. */
export const play = ({ response }: RecordedCall, sink: EventSink): void => {
  for (const event of eventsOf(response)) sink(event)
}
