const FRAMES = ['⠋', '⠙', '⠹', '⠸', '⠼', '⠴', '⠦', '⠧', '⠇', '⠏']
const FRAME_MS = 100
const CLEAR = '\r\u001b[K'

/** The one line at the bottom of a terminal that says what is going on. */
export interface StatusLine {
  /** Shows a text, with the seconds since it was first shown; undefined shows nothing. */
  show(text: string | undefined): void
  /** Takes the line away, until the next tick; before anything else is written. */
  clear(): void
  stop(): void
}

/** A status line on a terminal; one that does nothing elsewhere, for it moves the cursor. */
export const createStatusLine = (stream: NodeJS.WriteStream, enabled: boolean): StatusLine => {
  if (!enabled) return { show: () => undefined, clear: () => undefined, stop: () => undefined }
  let text: string | undefined
  let since = 0
  let frame = 0
  let drawn = false
  let timer: NodeJS.Timeout | undefined

  const clear = (): void => {
    if (drawn) stream.write(CLEAR)
    drawn = false
  }
  const draw = (): void => {
    if (text === undefined) return
    const seconds = Math.floor((performance.now() - since) / 1000)
    const line = `${FRAMES[frame++ % FRAMES.length]} ${text}${seconds > 0 ? ` ${seconds} s` : ''}`
    stream.write(`${CLEAR}${line.slice(0, (stream.columns ?? 80) - 1)}`)
    drawn = true
  }
  return {
    show(next) {
      if (next === text) return
      if (text === undefined || next === undefined) since = performance.now()
      text = next
      if (next === undefined) {
        clearInterval(timer)
        timer = undefined
        clear()
      } else if (timer === undefined) {
        timer = setInterval(draw, FRAME_MS)
        timer.unref()
      }
    },
    clear,
    stop() {
      clearInterval(timer)
      timer = undefined
      text = undefined
      clear()
    },
  }
}
