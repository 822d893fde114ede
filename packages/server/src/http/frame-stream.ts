import type { Idle, IdleWheel } from './idle-wheel.ts'
import type { FrameSink } from './reply.ts'

/** Where the frames of one stream go. */
export interface FrameOutlet {
  /** Takes text, always. False: full; `stream.drained()` is called when there is room. */
  push(text: string): boolean
  /** Everything is pushed. */
  end(): void
  /** Ends it at once, whatever is still on its way. */
  cut(): void
}

/** What all streams of a server share. */
export interface StreamOptions {
  readonly wheel?: IdleWheel
  /** Written when nothing else was for a while; empty for nothing. */
  readonly keepAlive?: string
  /** A reader that takes nothing for so long is cut off. */
  readonly stallTimeoutMs?: number
  readonly onError: (error: unknown) => void
}

const KEEPALIVE = ': keepalive\n\n'
/** Characters that are held at most before a writer has to wait. */
const HIGH_WATER = 16_384

// Most streams have one listener of a kind or none, and there are many streams: `concat` makes room for one, a spread for seventeen.
const NONE: readonly (() => void)[] = []

/** A stream of frames: what is written within a tick goes out together. */
export class FrameStream implements FrameSink, Idle {
  lastTick = 0
  readonly #outlet: FrameOutlet
  readonly #options: StreamOptions
  #state: 'open' | 'ended' | 'closed' = 'open'
  #held = ''
  #isFull = false
  /** When it was found to be full and idle. */
  #stalledAt: number | undefined
  #drainFns: readonly (() => void)[] = NONE
  #closeFns: readonly (() => void)[] = NONE
  #overFns: readonly (() => void)[] = NONE

  constructor(outlet: FrameOutlet, options: StreamOptions) {
    this.#outlet = outlet
    this.#options = options
    options.wheel?.add(this)
  }

  get isOver(): boolean {
    return this.#state !== 'open'
  }

  write(frames: string): boolean {
    if (this.#state !== 'open') return false
    if (frames === '') return !this.#isFull
    if (this.#held === '') queueMicrotask(this.#flush)
    this.#held += frames
    if (this.#held.length >= HIGH_WATER) this.#isFull = true
    return !this.#isFull
  }

  end(): void {
    if (this.#state !== 'open') return
    const text = this.#held
    this.#over('ended')
    if (text !== '') this.#outlet.push(text)
    this.#outlet.end()
  }

  onDrain(fn: () => void): void {
    if (this.#state === 'open') this.#drainFns = this.#drainFns.concat(fn)
  }

  onClose(fn: () => void): void {
    if (this.#state === 'closed') this.#call(fn)
    else if (this.#state === 'open') this.#closeFns = this.#closeFns.concat(fn)
  }

  /** Called once when it is over, whoever ended it. */
  onOver(fn: () => void): void {
    if (this.#state !== 'open') this.#call(fn)
    else this.#overFns = this.#overFns.concat(fn)
  }

  /** The outlet has room again. */
  drained(): void {
    if (this.#state !== 'open' || !this.#isFull || this.#held !== '') return
    this.#isFull = false
    this.#stalledAt = undefined
    for (const fn of this.#drainFns) this.#call(fn)
  }

  /** The reader has gone. */
  closed(): void {
    if (this.#state !== 'open') return
    const fns = this.#closeFns
    this.#over('closed')
    for (const fn of fns) this.#call(fn)
  }

  /** Ends it with last frames, and tells its writer that nobody reads any more. */
  shut(frames: string): void {
    if (this.#state !== 'open') return
    const text = this.#held + frames
    this.closed()
    this.#outlet.push(text)
    this.#outlet.end()
  }

  onIdle(): void {
    if (this.#state !== 'open') return
    if (!this.#isFull) {
      if (this.#options.keepAlive !== '') this.write(this.#options.keepAlive ?? KEEPALIVE)
      return
    }
    this.#stalledAt ??= performance.now()
    if (performance.now() - this.#stalledAt < (this.#options.stallTimeoutMs ?? Number.POSITIVE_INFINITY))
      return
    this.closed()
    this.#outlet.cut()
  }

  readonly #flush = (): void => {
    if (this.#held === '' || this.#state !== 'open') return
    const text = this.#held
    this.#held = ''
    if (this.#options.wheel !== undefined) this.lastTick = this.#options.wheel.now
    const hasRoom = this.#outlet.push(text)
    if (!hasRoom) this.#isFull = true
    else if (this.#isFull) this.drained()
  }

  #over(state: 'ended' | 'closed'): void {
    this.#state = state
    this.#held = ''
    this.#options.wheel?.delete(this)
    const fns = this.#overFns
    this.#drainFns = NONE
    this.#closeFns = NONE
    this.#overFns = NONE
    for (const fn of fns) this.#call(fn)
  }

  #call(fn: () => void): void {
    try {
      fn()
    } catch (error) {
      this.#options.onError(error)
    }
  }
}
