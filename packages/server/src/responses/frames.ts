/** The JSON text of a frame of ours: one `event:` line, one `data:` line. */
export const dataOf = (frame: string): string => {
  const at = frame.indexOf('\ndata: ')
  return frame.slice(at + 7, frame.endsWith('\n\n') ? -2 : undefined)
}

/** The frames of a piece of text. None of ours has a blank line inside. */
export const framesIn = (text: string): string[] =>
  text
    .split('\n\n')
    .slice(0, -1)
    .map((frame) => `${frame}\n\n`)

/** A piece of text without its first frames. */
export const withoutFirst = (text: string, count: number): string => {
  let from = 0
  for (let n = 0; n < count; n++) {
    const end = text.indexOf('\n\n', from)
    if (end === -1) return ''
    from = end + 2
  }
  return text.slice(from)
}

const LAST = /^event: response\.(completed|failed|incomplete)\n/

/** True when a piece of text ends with the end of a response. */
export const isLastFrame = (text: string): boolean => {
  const at = text.lastIndexOf('\n\n', text.length - 3)
  return LAST.test(text.slice(at === -1 ? 0 : at + 2, (at === -1 ? 0 : at + 2) + 40))
}
