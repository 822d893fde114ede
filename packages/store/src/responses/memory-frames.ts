import { checkNumbers, notNext } from './response-frames.ts'
import type { EventFrames } from './response-store.ts'

/** Adds frames to those that are written. Same errors as in a database. */
export const pushFrames = (id: string, written: EventFrames[], frames: EventFrames): void => {
  const { first, last, text } = frames
  checkNumbers(frames)
  const before = written.at(-1)
  if (before !== undefined && first !== before.last + 1) {
    const known = written.find((piece) => piece.last === last)
    if (known?.first === first && known.text === text) return
    throw notNext(id, before.last + 1, first)
  }
  written.push({ first, last, text })
}

/** Frames whose last is behind a number. */
export async function* framesAfter(
  frames: readonly EventFrames[],
  after: number,
): AsyncGenerator<EventFrames> {
  let low = 0
  for (let high = frames.length; low < high; ) {
    const middle = (low + high) >> 1
    if ((frames[middle]?.last ?? after) > after) high = middle
    else low = middle + 1
  }
  // The list only grows: what comes while it is read is read, too.
  for (let n = low; n < frames.length; n++) yield { ...(frames[n] as EventFrames) }
}
