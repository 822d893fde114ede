import PQueue from 'p-queue'

/** At most `limit` starts per `intervalMs`. */
export interface ToolRate {
  readonly limit: number
  readonly intervalMs: number
}

/** The process-wide slots of one tool: its concurrency, its rate, and one line per key. */
export interface ToolSlots {
  /** Runs `task` once the tool's own limits allow it. The slot is held until the task's promise settles. */
  run(key: string | undefined, priority: number, task: () => Promise<void>): Promise<void>
}

/** Slots for a tool that limits its own calls; undefined for one that does not, so that it costs nothing. */
export const createToolSlots = (policy: {
  readonly concurrency?: number
  readonly rate?: ToolRate
  readonly key?: unknown
}): ToolSlots | undefined => {
  if (policy.concurrency === undefined && policy.rate === undefined && policy.key === undefined)
    return undefined
  const queue =
    policy.concurrency === undefined && policy.rate === undefined
      ? undefined
      : new PQueue({
          ...(policy.concurrency === undefined ? {} : { concurrency: policy.concurrency }),
          ...(policy.rate === undefined
            ? {}
            : { intervalCap: policy.rate.limit, interval: policy.rate.intervalMs }),
        })
  // The tail of each key's line. An entry is dropped when its line is empty, so the map is as large as the calls in flight.
  const tails = new Map<string, Promise<void>>()
  const inQueue = (priority: number, task: () => Promise<void>): Promise<void> =>
    queue === undefined ? task() : (queue.add(task, { priority }) as Promise<void>)
  return {
    run(key, priority, task) {
      if (key === undefined) return inQueue(priority, task)
      const before = tails.get(key)
      const mine = before === undefined ? inQueue(priority, task) : before.then(() => inQueue(priority, task))
      const tail = mine.then(
        () => undefined,
        () => undefined,
      )
      tails.set(key, tail)
      void tail.then(() => {
        if (tails.get(key) === tail) tails.delete(key)
      })
      return mine
    },
  }
}

/** Slots for one task at a time, in the order they come. */
export const createLine = (): ToolSlots => {
  let tail: Promise<void> | undefined
  return {
    run(_key, _priority, task) {
      const mine = tail === undefined ? task() : tail.then(task)
      tail = mine.then(
        () => undefined,
        () => undefined,
      )
      return mine
    },
  }
}
