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
export const createToolQueue = (options: { concurrency?: number } = {}): ToolQueue =>
  new SlotQueue(options.concurrency ?? DEFAULT_CONCURRENCY)

/** Calls that find a free slot are only counted; a queue is made when one has to wait first, and takes all that come until nobody waits. */
class SlotQueue implements ToolQueue {
  readonly #slots: number
  /** Calls that run without having been queued. */
  #direct = 0
  #queue: PQueue | undefined
  /** Each gives back a slot of the queue that stands for a call which runs directly. */
  readonly #standIns: (() => void)[] = []

  constructor(slots: number) {
    this.#slots = slots
    // p-queue says what is wrong with it.
    if (!(slots >= 1)) this.#queue = new PQueue({ concurrency: slots })
  }

  get waiting(): number {
    return this.#queue === undefined ? 0 : this.#queue.size
  }

  run(task: () => Promise<void>, priority: number): Promise<void> {
    const queue = this.#queue
    const queued = queue !== undefined && queue.pending + queue.size > 0
    if (!queued && this.#direct < this.#slots) return this.#start(task)
    const line = queue ?? new PQueue({ concurrency: this.#slots })
    this.#queue = line
    if (!queued) for (let n = this.#direct; n > 0; n--) void line.add(this.#standIn)
    return (priority === 0 ? line.add(task) : line.add(task, { priority })) as Promise<void>
  }

  #start(task: () => Promise<void>): Promise<void> {
    this.#direct++
    let running: Promise<void>
    try {
      running = Promise.resolve(task())
    } catch (error) {
      this.#ended()
      return Promise.reject(error)
    }
    running.then(this.#ended, this.#ended)
    return running
  }

  readonly #standIn = (): Promise<void> => new Promise((resolve) => this.#standIns.push(resolve))

  readonly #ended = (): void => {
    this.#direct--
    this.#standIns.pop()?.()
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
