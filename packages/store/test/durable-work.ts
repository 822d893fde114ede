import { setTimeout as pause } from 'node:timers/promises'
import { isAntiphonError, type RunStore } from 'antiphon'
import { type Life, mortalStore } from '../../core/test/mortal.ts'
import { durableAgents, type Surroundings } from './durable-agents.ts'

/** What a process is to do. */
export interface Job {
  readonly runId: string
  /** Name of the agent; see durable-agents.ts. */
  readonly agent: string
  /** @defaultValue `Go` */
  readonly input?: string
  readonly takeOver?: boolean
  /** Tries again as long as another process has the run. */
  readonly waits?: boolean
}

/** How it went. */
export interface Outcome {
  /** Why the run stopped; `error` when it failed. */
  readonly stop: string
  readonly text: string
  /** Code of the error. */
  readonly code?: string
}

const AGAIN_MS = 10

/** Works on a run as far as it goes by itself. `isAbandoned` says that whoever had it plays dead, which a store cannot know. */
export const workOn = async (
  store: RunStore,
  { runId, agent, input = 'Go', takeOver = false, waits = false }: Job,
  around: Surroundings,
  life: Life,
  isAbandoned = (): boolean => false,
): Promise<Outcome> => {
  const found = durableAgents(around, life).get(agent)
  if (found === undefined) throw new Error(`There is no agent ${agent}.`)
  const options = { store: mortalStore(store, life), runId, strictReplay: true }
  for (;;) {
    try {
      const { stop, text } = await found
        .run(input, { ...options, takeOver: takeOver || isAbandoned() })
        .result()
      return { stop: stop.reason, text }
    } catch (error) {
      const code = isAntiphonError(error) ? error.code : String(error)
      if (code !== 'run_busy' || !waits) return { stop: 'error', text: '', code }
    }
    await pause(AGAIN_MS)
  }
}
