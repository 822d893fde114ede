import type { RunEvent } from 'antiphon'
import { neutralise } from './neutralise.ts'

interface Part {
  readonly text?: unknown
  readonly refusal?: unknown
}

/** The text of content parts, refusals included. */
export const textOf = (parts: readonly unknown[]): string =>
  parts
    .map((part) => {
      const { text, refusal } = (part ?? {}) as Part
      return typeof text === 'string' ? text : typeof refusal === 'string' ? refusal : ''
    })
    .join('')

/**
 * A function that gives the piece of the answer an event brings, made harmless for a terminal. Each message ends with a line break.
 * A response whose text came without deltas is shown when its turn ends.
 */
export const answerText = (): ((event: RunEvent) => string) => {
  let written = false
  let midLine = false
  // Half of a character that was cut between two deltas.
  let half = ''

  const take = (delta: string): string => {
    const text = half + delta
    const last = text.charCodeAt(text.length - 1)
    half = last >= 0xd800 && last < 0xdc00 ? text.slice(-1) : ''
    const clean = neutralise(half === '' ? text : text.slice(0, -1))
    if (clean !== '') {
      written = true
      midLine = !clean.endsWith('\n')
    }
    return clean
  }
  const endLine = (): string => {
    const end = half === '' ? '' : '\ufffd'
    half = ''
    const text = midLine || end !== '' ? `${end}\n` : ''
    midLine = false
    return text
  }

  return (event) => {
    switch (event.type) {
      case 'turn.started':
        written = false
        return ''
      case 'response.output_text.delta':
      case 'response.refusal.delta': {
        const { delta } = event as { delta?: unknown }
        return typeof delta === 'string' ? take(delta) : ''
      }
      case 'response.output_text.done':
      case 'response.refusal.done':
        return written ? endLine() : ''
      case 'turn.ended': {
        if (written) return endLine()
        const parts = event.response.output.flatMap((item) =>
          item.type === 'message' && Array.isArray(item.content) ? (item.content as unknown[]) : [],
        )
        const text = take(textOf(parts))
        return text + endLine()
      }
      case 'run.ended':
        return endLine()
      default:
        return ''
    }
  }
}
