import { isAntiphonError, type OpenRun, type RunStore } from 'antiphon'
import { sameStore } from '../../../core/test/mortal.ts'

/** A store that remembers whether a run was taken from whoever had it. */
export const heedingStore = (store: RunStore): { readonly store: RunStore; wasTaken(): boolean } => {
  let taken = false
  const heed = (error: unknown): void => {
    if (isAntiphonError(error) && error.code === 'run_taken') taken = true
  }
  const heeded = async (work: Promise<void>): Promise<void> => {
    await work.catch((error: unknown) => {
      heed(error)
      throw error
    })
  }
  const heeding = (open: OpenRun): OpenRun => ({
    runId: open.runId,
    records: open.records,
    append: (record) => heeded(open.append(record)),
    appendEvents: (events) => heeded(open.appendEvents(events)),
    onStop: (stop) =>
      open.onStop((reason) => {
        heed(reason)
        stop(reason)
      }),
    close: (status, error) => heeded(open.close(status, error)),
  })
  return {
    store: {
      ...sameStore(store),
      open: async (runId, options) => heeding(await store.open(runId, options)),
    },
    wasTaken: () => taken,
  }
}
