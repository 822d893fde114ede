import PQueue from 'p-queue'
import type { ToolSlots } from './tool-slots.ts'

/** Calls of a run that may execute at once when nothing else is said. */
const DEFAULT_CONCURRENCY = 16

/** Where calls wait for their turn: one per run, shared with its sub-agents, or one for a whole process. */
export interface ToolQueue {
  /** Runs `task` when a slot is free; higher priority first. The slot is held until the task's promise settles. */
  run(task: () => Promise<void>, priority: number): Promise<void>
  /** Calls that wait. */
  readonly waiting: number
}

/** A queue with `concurrency` slots, on p-queue. Give the same one to several agents to bound a whole process. */
export const createToolQueue = (options: { concurrency?: number } = {}): ToolQueue => {
  const queue = new PQueue({ concurrency: options.concurrency ?? DEFAULT_CONCURRENCY })
  return {
    run: (task, priority) =>
      (priority === 0 ? queue.add(task) : queue.add(task, { priority })) as Promise<void>,
    get waiting() {
      return queue.size
    },
  }
}

/**
 * Runs `task` in the tool's own slot first, then in the run's: a call that waits for a busy tool must not hold a slot that others could use.
 * `queue` is undefined for a tool that runs an agent, whose calls need the slots.
 */
export const runInSlots = (
  slots: ToolSlots | undefined,
  queue: ToolQueue | undefined,
  key: string | undefined,
  priority: number,
  task: () => Promise<void>,
): Promise<void> => {
  const inRun = queue === undefined ? task : () => queue.run(task, priority)
  return slots === undefined ? inRun() : slots.run(key, priority, inRun)
}
