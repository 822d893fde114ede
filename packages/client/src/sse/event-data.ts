import { AntiphonError } from '../errors.ts'

const OPEN_BRACE = 123
const EXCERPT_LENGTH = 80

/** What a frame's data turned out to be. */
export type EventData =
  | { kind: 'event'; event: Record<string, unknown> }
  | { kind: 'nothing' }
  | { kind: 'malformed'; error: AntiphonError<'invalid_event'> }

const NOTHING: EventData = { kind: 'nothing' }

/**
 * Reads the data of one frame: a JSON object, or something that servers send beside events.
 *
 * `[DONE]`, empty data and data that is itself a comment (`: keepalive`) are nothing. An object without a `type` takes
 * the frame's event name; without a name, too, an object that carries an `error` becomes an `error` event.
 */
export const readEventData = (data: string, name: string | undefined): EventData => {
  if (data.charCodeAt(0) !== OPEN_BRACE) {
    const text = data.trim()
    if (text === '' || text === '[DONE]' || text.startsWith(':')) return NOTHING
  }
  let value: unknown
  try {
    value = JSON.parse(data)
  } catch {
    // The parser's own message quotes the text unredacted, so it is not kept as the cause.
    return { kind: 'malformed', error: invalidEvent(data, name, 'is not valid JSON') }
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    return { kind: 'malformed', error: invalidEvent(data, name, 'is not a JSON object') }
  }
  const event = value as Record<string, unknown>
  if (typeof event.type !== 'string') {
    if (name !== undefined) event.type = name
    else if (event.error) event.type = 'error'
  }
  return { kind: 'event', event }
}

const invalidEvent = (data: string, name: string | undefined, what: string): AntiphonError<'invalid_event'> =>
  new AntiphonError(
    'invalid_event',
    `The data of a${name === undefined ? 'n unnamed event' : `n event named "${excerpt(name)}"`} in the stream ${what}: ` +
      `"${excerpt(data)}" (${data.length} characters). Check that the endpoint speaks the Responses API.`,
  )

/** The start of the text, without anything that could be a key. */
const excerpt = (text: string): string => {
  const start = text.slice(0, EXCERPT_LENGTH).replace(/[\w.+/=-]{16,}/g, '…')
  return text.length > EXCERPT_LENGTH ? `${start}…` : start
}
