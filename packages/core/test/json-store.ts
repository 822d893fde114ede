import type { LogRecord, OpenRun, RunStore } from 'antiphon'

const copy = <T>(value: T): T => JSON.parse(JSON.stringify(value)) as T

/** A store that keeps what JSON says of everything, as one in a file does. */
export const jsonStore = (store: RunStore): RunStore => ({
  ...store,
  open: async (runId, options) => jsonRun(await store.open(runId, copy(options))),
  decide: (runId, decisions) => store.decide(runId, copy(decisions)),
  read: async (runId, options) => copy(await store.read(runId, options)),
})

const jsonRun = (open: OpenRun): OpenRun => ({
  runId: open.runId,
  records: copy(open.records) as LogRecord[],
  append: async (record) => open.append(copy(record)),
  appendEvents: async (events) => open.appendEvents(copy(events)),
  onStop: (stop) => open.onStop(stop),
  close: (status, error) => open.close(status, error),
})
