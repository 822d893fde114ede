import type { WireEvent } from './wire-event.ts'

/**
 * Ways to write server-sent events, all of them legal but the last.
 *
 * `lf`, `crlf`, `cr`: line ends. `bom`: a byte order mark first. `comments`: comment lines before, in and after events.
 * `data-only`: no `event:` line. `spaceless`: nothing after the colons. `multiline`: one `data:` line per line of
 * indented JSON. `fields`: `id:` and `retry:` lines, too. `noise`: data that is empty or a comment, as gateways send it.
 */
export type SseFraming =
  | 'lf'
  | 'crlf'
  | 'cr'
  | 'bom'
  | 'comments'
  | 'data-only'
  | 'spaceless'
  | 'multiline'
  | 'fields'
  | 'noise'

/** Every framing, for tests that try them all. */
export const SSE_FRAMINGS: readonly SseFraming[] = [
  'lf',
  'crlf',
  'cr',
  'bom',
  'comments',
  'data-only',
  'spaceless',
  'multiline',
  'fields',
  'noise',
]

const linesOf = (name: string | undefined, json: string, framing: SseFraming, k: number): string[] => {
  const event = name === undefined ? [] : [`event: ${name}`]
  switch (framing) {
    case 'comments':
      return [': OPENROUTER PROCESSING', '', ...event, ': ping', `data: ${json}`, ':', '', ':', '']
    case 'data-only':
      return [`data: ${json}`, '']
    case 'spaceless':
      return [...(name === undefined ? [] : [`event:${name}`]), `data:${json}`, '']
    case 'multiline': {
      const indented = JSON.stringify(JSON.parse(json), null, 2)
      return [...event, ...indented.split('\n').map((line) => `data: ${line}`), '']
    }
    case 'fields':
      return [`id: ${k}`, 'retry: 3000', ...event, `data: ${json}`, 'unknown: field', '']
    case 'noise':
      return ['data:', '', 'data: : keepalive', '', ...event, `data: ${json}`, '']
    default:
      return [...event, `data: ${json}`, '']
  }
}

const LINE_ENDS: Partial<Record<SseFraming, string>> = { crlf: '\r\n', cr: '\r' }

/** Bytes of event `k`; `named` writes its type as `event:` line, too. */
export const frameEvent = (event: WireEvent, framing: SseFraming, k: number, named: boolean): Buffer => {
  const name = named && typeof event.type === 'string' ? event.type : undefined
  const end = LINE_ENDS[framing] ?? '\n'
  const start = framing === 'bom' && k === 0 ? '\uFEFF' : ''
  return Buffer.from(start + linesOf(name, JSON.stringify(event), framing, k).join(end) + end)
}

/** Bytes of the marker that ends some streams. */
export const doneFrame = (framing: SseFraming): Buffer => {
  const end = LINE_ENDS[framing] ?? '\n'
  return Buffer.from(`data: [DONE]${end}${end}`)
}
