/** No URL that is looked for in a text is longer. */
const MAX_URL_CHARS = 2_048

/** What may follow a URL without a space and is not of it. */
export const TRAILING = /[.,;:!?'"*_~`)\]}>。，、；：！？）」』】》…]$/

/** What stands at a place of a text and may be a URL: to the next space, quote or angle, and to a `)` that closes nothing within. */
export const runAt = (text: string, start: number): string =>
  untilUnopened(/^[^\s<>"\\^`{|}]+/.exec(text.slice(start, start + MAX_URL_CHARS))?.[0] ?? '')

/** All URLs in a text, each also without the stops behind it. */
export const urlsIn = function* (text: string): Generator<string> {
  for (const { index } of text.matchAll(/https?:\/\//gi)) {
    const run = runAt(text, index)
    yield run
    const bare = withoutStops(run)
    if (bare !== run) yield bare
  }
}

/** From the end, one by one: an expression would look from every place to the end. */
const withoutStops = (run: string): string => {
  let end = run.length
  while (end > 0 && TRAILING.test(run.charAt(end - 1))) end--
  return run.slice(0, end)
}

/** The bracket belongs to what is around, such as a markdown link. */
const untilUnopened = (run: string): string => {
  let depth = 0
  for (let at = 0; at < run.length; at++) {
    if (run[at] === '(') depth++
    if (run[at] === ')' && --depth < 0) return run.slice(0, at)
  }
  return run
}
