import type { Model, OpenRun, RunStore } from 'antiphon'

const never = (): Promise<never> => new Promise(() => undefined)

/** How a process ends at a point that it reaches. */
type End = () => void

/**
 * A process, as far as a log, models and tools can tell: it reaches points, and is killed at one of them. In the same process what is killed never goes on: nothing it waits for
 * comes back, nothing it does arrives.
 */
export class Life {
  /** Names of the points that were reached, in order. */
  readonly reached: string[] = []
  /** Resolves when it is over. */
  readonly over: Promise<void>
  #dead = false
  #stopped: Promise<void> | undefined
  readonly #end: End
  readonly #diesAt: number | string | undefined

  /** `diesAt` is the number of a point, from 0, or its name. With `end`, that ends the process for good, in the place of playing dead. */
  constructor(diesAt?: number | string, end?: End) {
    this.#diesAt = diesAt
    let over = (): void => undefined
    this.over = new Promise((resolve) => {
      over = resolve
    })
    this.#end = () => {
      this.#dead = true
      end?.()
      over()
    }
  }

  get dead(): boolean {
    return this.#dead
  }

  kill(): void {
    this.#end()
  }

  /** As SIGSTOP does; the function that is returned revives it. */
  stop(): () => void {
    let revive = (): void => undefined
    this.#stopped = new Promise((resolve) => {
      revive = () => {
        this.#stopped = undefined
        resolve()
      }
    })
    return revive
  }

  /** Says that a point is reached. False when there is no life after it. */
  reach(name: string): boolean {
    if (this.#dead) return false
    if (this.#diesAt === this.reached.push(name) - 1 || this.#diesAt === name) this.#end()
    return !this.#dead
  }

  /** The same for what can wait: never resolves in a process that is dead. */
  async pass(name: string): Promise<void> {
    if (!this.reach(name)) return never()
    await this.#stopped
    if (this.#dead) return never()
  }

  /** What comes back from outside, as long as there is somebody to whom it can. */
  async awaits<T>(promise: Promise<T>): Promise<T> {
    const settled = await promise.then(
      (value) => ({ value }),
      (error: unknown) => ({ error }),
    )
    await this.#stopped
    if (this.#dead) return never()
    if ('error' in settled) throw settled.error
    return settled.value
  }
}

/** The same store as an object whose methods can be replaced; those of a class cannot be spread. */
export const sameStore = (store: RunStore): RunStore => ({
  open: (runId, options) => store.open(runId, options),
  decide: (runId, decisions) => store.decide(runId, decisions),
  cancel: (runId, reason) => store.cancel(runId, reason),
  get: (runId) => store.get(runId),
  read: (runId, options) => store.read(runId, options),
  follow: (runId, options) => store.follow(runId, options),
  ...(store.session && { session: store.session.bind(store) }),
})

/** A store in the hands of a process that may be killed before and after each write. */
export const mortalStore = (store: RunStore, life: Life): RunStore => ({
  ...sameStore(store),
  open: async (runId, options) => {
    await life.pass('before open')
    const open = await life.awaits(store.open(runId, options))
    await life.pass('after open')
    return mortalRun(open, life)
  },
  decide: async (runId, decisions) => {
    await life.pass('before decide')
    await life.awaits(store.decide(runId, decisions))
    await life.pass('after decide')
  },
})

const mortalRun = (open: OpenRun, life: Life): OpenRun => ({
  runId: open.runId,
  records: open.records,
  append: async (record) => {
    await life.pass(`before ${record.key}`)
    await life.awaits(open.append(record))
    await life.pass(`after ${record.key}`)
  },
  appendEvents: async (events) => {
    if (life.dead) return never()
    await life.awaits(open.appendEvents(events))
  },
  onStop: (stop) => open.onStop((reason) => (life.dead ? undefined : stop(reason))),
  close: async (status, error) => {
    await life.pass('before close')
    await life.awaits(open.close(status, error))
    await life.pass('after close')
  },
})

/** A model that is asked by a process that may be killed before it asks, when the first item is there, and when the answer is. */
export const mortalModel = (model: Model, life: Life, name: string): Model =>
  Object.assign(
    (async (request, sink, context) => {
      await life.pass(`${name} asked`)
      let begun = false
      await life.awaits(
        model(
          request,
          (event) => {
            if (life.dead) return
            sink(event)
            if (event.type === 'response.output_item.done' && !begun) begun = life.reach(`${name} begun`)
          },
          context,
        ),
      )
      await life.pass(`${name} answered`)
    }) satisfies Model,
    { modelName: model.modelName, capabilities: model.capabilities },
  )
