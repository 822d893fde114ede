import { EXIT } from './exit-code.ts'

/** One key press may arrive twice: from the terminal, and forwarded by npm. */
const SAME_PRESS_MS = 250

/** What Ctrl-C does: the first cancels what runs, a second ends the program at once. */
export interface Interrupt {
  /** Names what the next Ctrl-C cancels; undefined when nothing runs, so that it ends the program. */
  watch(cancel: (() => void) | undefined): void
  /** As if Ctrl-C had been pressed. */
  fire(): void
}

/** Takes over SIGINT and SIGTERM. `beforeExit` tidies the terminal up. */
export const createInterrupt = (beforeExit: () => void): Interrupt => {
  let cancel: (() => void) | undefined
  let firedAt: number | undefined
  const fire = (): void => {
    if (cancel === undefined) {
      // The cancelled run may have ended between the two deliveries of one key press.
      if (firedAt !== undefined && performance.now() - firedAt < SAME_PRESS_MS) return
      beforeExit()
      process.exit(EXIT.cancelled)
    }
    if (firedAt === undefined) {
      firedAt = performance.now()
      cancel()
    } else if (performance.now() - firedAt >= SAME_PRESS_MS) {
      beforeExit()
      process.exit(EXIT.cancelled)
    }
  }
  process.on('SIGINT', fire)
  process.on('SIGTERM', fire)
  return {
    watch(next) {
      cancel = next
      if (next !== undefined) firedAt = undefined
    },
    fire,
  }
}
