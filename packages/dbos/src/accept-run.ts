import { isDeepStrictEqual } from 'node:util'
import {
  isAntiphonError,
  LOG_VERSION,
  type OpenRun,
  type RunInput,
  type RunStart,
  type RunStore,
} from 'antiphon'
import { letGo } from './let-go.ts'

/**
 * Makes the log of a run, so that the run is kept from here on, and lets go of it. A run that is there already stays as it is.
 *
 * @throws JournalError `run_conflict`, `store_failed`.
 */
export const acceptRun = async (
  store: RunStore,
  runId: string,
  agent: string,
  input: RunInput,
): Promise<void> => {
  const start: RunStart = { version: LOG_VERSION, runId, agent, input: itemsOf(input) }
  const known = await store.get(runId)
  if (known !== undefined && (await isStart(store, start))) return
  let open: OpenRun
  try {
    // Of a run that is there, the store knows whether it is the same: a store that redacts keeps other text than it was given.
    open = await store.open(runId, { start })
  } catch (error) {
    // It is the same, and a worker has it.
    if (isAntiphonError(error) && error.code === 'run_busy') return
    throw error
  }
  if (known === undefined) await letGo(open)
  else await open.close(known.status, known.error)
}

const isStart = async (store: RunStore, start: RunStart): Promise<boolean> => {
  const [first] = await store.read(start.runId)
  const known = first?.value as RunStart | undefined
  // As JSON keeps them: without members that are undefined.
  const input: unknown = JSON.parse(JSON.stringify(start.input))
  return known?.agent === start.agent && isDeepStrictEqual(known.input, input)
}

const itemsOf = (input: RunInput): RunStart['input'] => {
  if (typeof input === 'string') return [{ type: 'message', role: 'user', content: input }]
  return Array.isArray(input) ? (input as RunStart['input']) : [input as RunStart['input'][number]]
}
