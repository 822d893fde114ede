/** Lets so many through at once; the others wait in line. */
export class Turnstile {
  #free: number
  readonly #line: (() => void)[] = []

  constructor(places: number) {
    this.#free = places
  }

  /** How many wait. */
  get waiting(): number {
    return this.#line.length
  }

  /** Resolves when there is a place; returns what gives it back. `signal` leaves the line. */
  async enter(signal: AbortSignal): Promise<(() => void) | undefined> {
    if (signal.aborted) return undefined
    if (this.#free > 0) this.#free--
    else if (!(await this.#wait(signal))) return undefined
    let isBack = false
    return () => {
      if (isBack) return
      isBack = true
      const next = this.#line.shift()
      if (next === undefined) this.#free++
      else next()
    }
  }

  #wait(signal: AbortSignal): Promise<boolean> {
    return new Promise((resolve) => {
      const enter = (): void => {
        signal.removeEventListener('abort', leave)
        resolve(true)
      }
      const leave = (): void => {
        this.#line.splice(this.#line.indexOf(enter), 1)
        resolve(false)
      }
      this.#line.push(enter)
      signal.addEventListener('abort', leave, { once: true })
    })
  }
}
