import type { InputItem } from '@antiphon/client'
import { abortRun, failRun } from '../calls/stopping.ts'
import type { RunContext } from '../context/run-context.ts'
import { JournalError } from '../errors/journal-error.ts'
import type { RunEvent } from '../events/events.ts'
import type { Stop } from '../events/stop.ts'
import { EventWriter } from '../journal/event-writer.ts'
import { LogJournal } from '../journal/log-journal.ts'
import {
  type EndValue,
  LOG_VERSION,
  type LogRecord,
  type RunStart,
  type StateStart,
} from '../journal/log-record.ts'
import { OpenLog } from '../journal/open-log.ts'
import type { OpenRun, RunStatus, RunStore } from '../journal/run-store.ts'
import { writeEvents } from './write-events.ts'

/** A run whose log is open: how it is taken leave of. */
export interface KeptRun {
  /** The state that it began from, when it did not begin from its input alone. */
  readonly from: StateStart | undefined
  /** Records how the run ended, unless it may go on: it waits, or failed. */
  end(stop: Stop, text: string): Promise<void>
  /** Writes the last events and lets go of the log. */
  close(stop: Stop): Promise<void>
}

/** Opens the log of a run and begins where it ends. Without `input` the run must be there already. */
export const keepRun = async (
  run: RunContext,
  store: RunStore,
  { input, from }: { readonly input?: readonly InputItem[]; readonly from?: StateStart },
): Promise<KeptRun> => {
  const { runId, options } = run
  const start: RunStart | undefined =
    input === undefined
      ? undefined
      : {
          version: LOG_VERSION,
          runId,
          agent: run.rootAgent.name,
          input,
          ...(from === undefined ? {} : { from }),
          ...(options.session === undefined ? {} : { session: options.session.id }),
        }
  const open = await store.open(runId, {
    ...(start === undefined ? {} : { start }),
    ...(options.takeOver === undefined ? {} : { takeOver: options.takeOver }),
  })
  const begun = open.records[0]?.value as RunStart | undefined
  try {
    begin(run, begun, input)
  } catch (error) {
    const status = standing(open.records)
    await open.close(status, status === 'failed' ? factsOf(error) : undefined)
    throw error
  }
  const ended = open.records.some(({ key }) => key === 'end')
  const writer = new EventWriter((events) => writeEvents(open, events))
  // Whoever follows a run that has ended knows.
  if (!ended) run.fanOut.on('event', options.tellAgain === true ? ifNew(run, writer) : writer.push, false)
  const log = new OpenLog(open, {
    strict: options.strictReplay === true,
    ...(options.decideWithinMs === undefined ? {} : { decideWithinMs: options.decideWithinMs }),
    onLive: (turn) => run.fanOut.emit({ type: 'run.resumed', runId, agent: run.agent.name, turn }),
    onCancelled: (message) => abortRun(run, message),
    beforeRecord: () => writer.flushed(),
  })
  run.journal = LogJournal.over(log)
  open.onStop((reason) => {
    if (reason.code === 'run_cancelled') log.cancel(reason.message)
    else failRun(run, reason)
  })
  return {
    from: begun?.from,
    async end(stop, text) {
      const status = STATUS[stop.reason] ?? 'done'
      if (ended || status === 'waiting' || status === 'failed') return
      const value: EndValue = { stop, usage: { ...run.usage }, text }
      await log.end(value).catch(ignoreCancelled)
    },
    close: (stop) => close(open, writer, ended ? (log.ended?.stop ?? stop) : stop),
  }
}

/** What is told again has been written when it happened. */
const ifNew =
  (run: RunContext, writer: EventWriter) =>
  (event: RunEvent): void => {
    if (!run.isToldAgain) writer.push(event)
  }

const begin = (
  run: RunContext,
  begun: RunStart | undefined,
  input: readonly InputItem[] | undefined,
): void => {
  if (begun === undefined || begun.version > LOG_VERSION)
    throw new JournalError(
      'log_version',
      begun === undefined
        ? `The log of run ${run.runId} does not begin with the record \`run\`.`
        : `The log of run ${run.runId} has version ${begun.version}; this Antiphon reads up to ${LOG_VERSION}. Resume it with the version that wrote it.`,
    )
  if (begun.agent !== run.rootAgent.name)
    throw new JournalError(
      'run_conflict',
      `Run ${run.runId} belongs to agent "${begun.agent}", not to "${run.rootAgent.name}". Resume it with that agent.`,
    )
  if (input === undefined) {
    for (const item of begun.input) run.history.append(item)
    run.start = begun.input.length
  }
  run.requests.rememberStart({ input: run.history.items })
}

/** How a run stands by its log, for one that goes no further now. */
const standing = (records: readonly LogRecord[]): RunStatus => {
  const end = records.find(({ key }) => key === 'end')?.value as EndValue | undefined
  if (end !== undefined) return STATUS[end.stop.reason] ?? 'done'
  return records.findLast(({ kind }) => kind === 'wait' || kind === 'model')?.kind === 'wait'
    ? 'waiting'
    : 'failed'
}

const close = async (open: OpenRun, writer: EventWriter, stop: Stop): Promise<void> => {
  // Events are for whoever follows; the records, which are written, are the run.
  await writer.end().catch(() => undefined)
  await open.close(
    STATUS[stop.reason] ?? 'done',
    stop.reason === 'error'
      ? { code: stop.code, message: stop.message }
      : stop.reason === 'cancelled'
        ? { code: 'run_cancelled', message: stop.message }
        : undefined,
  )
}

const STATUS: Partial<Record<Stop['reason'], RunStatus>> = {
  approval: 'waiting',
  cancelled: 'cancelled',
  error: 'failed',
}

/** A run that somebody cancelled takes no further record; that it was cancelled stands in its summary. */
const ignoreCancelled = (error: unknown): void => {
  if (!(error instanceof JournalError) || error.code !== 'run_cancelled') throw error
}

const factsOf = (error: unknown): { code: string; message: string } =>
  error instanceof JournalError
    ? { code: error.code, message: error.message }
    : { code: 'run_failed', message: String(error) }
