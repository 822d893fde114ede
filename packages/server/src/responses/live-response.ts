import type { Response } from '@antiphon/client'
import type { EventFrames } from '@antiphon/store'
import { aborted } from './ending.ts'

/** Takes frames as they come. */
export type Tap = (frames: EventFrames) => void

const NONE: readonly Tap[] = []

/** A response that this process runs. */
export class LiveResponse {
  readonly id: string
  /** It goes on without a client. */
  readonly isBackground: boolean
  /** Resolves with the response as it ended; never rejects. */
  readonly ended: Promise<Response>
  /** Mostly one. */
  #taps: readonly Tap[] = NONE
  #settle: (response: Response) => void = () => undefined
  #cancel: ((reason: Error) => void) | undefined
  #leave: ((reason: Error) => void) | undefined
  #cancelled: Error | undefined
  #isOver = false
  #isLetGo = false

  constructor(id: string, isBackground = false) {
    this.id = id
    this.isBackground = isBackground
    this.ended = new Promise((resolve) => {
      this.#settle = resolve
    })
  }

  get isOver(): boolean {
    return this.#isOver
  }

  /** Why it was cancelled, when it was. */
  get cancelled(): Error | undefined {
    return this.#cancelled
  }

  /** This process is closing, and leaves the response to another one. */
  get isLetGo(): boolean {
    return this.#isLetGo
  }

  /** Leaves the response as it is, for another process to go on with. */
  letGo(): void {
    if (this.#isOver || this.#cancelled !== undefined || this.#isLetGo) return
    this.#isLetGo = true
    this.#leave?.(aborted('The server is closing.'))
  }

  /** Hands out frames. */
  readonly tell = (frames: EventFrames): void => {
    for (const tap of this.#taps) tap(frames)
  }

  /** Gives frames from the next one on. Returns what ends it. */
  tap(tap: Tap): () => void {
    this.#taps = this.#taps.concat(tap)
    return () => {
      this.#taps = this.#taps.filter((each) => each !== tap)
    }
  }

  /** What stops the upstream, and what leaves it; called at once when that was asked before. */
  onCancel(cancel: (reason: Error) => void, leave: (reason: Error) => void): void {
    this.#cancel = cancel
    this.#leave = leave
    if (this.#isLetGo) leave(aborted('The server is closing.'))
    if (this.#cancelled !== undefined) cancel(this.#cancelled)
  }

  /** Stops the upstream. The first reason counts. */
  cancel(message: string): void {
    if (this.#isOver || this.#cancelled !== undefined) return
    this.#cancelled = aborted(message)
    this.#cancel?.(this.#cancelled)
  }

  /** It has ended, and all of it is told. */
  end(response: Response): void {
    this.#isOver = true
    this.#settle(response)
    this.#taps = NONE
  }
}
