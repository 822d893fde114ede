import { ReadFailure } from './read-failure.ts'

/** Text of a file as it comes, held against the limit. */
export interface TextSink {
  add(text: string): void
  readonly length: number
  /** All of it. */
  text(): string
}

/** @throws ReadFailure `file_too_large` when more is added than fits. */
export const textSink = (maxCharacters: number): TextSink => {
  const parts: string[] = []
  let length = 0
  return {
    add(text) {
      length += text.length
      if (length > maxCharacters) throw tooMuchText(maxCharacters)
      parts.push(text)
    },
    get length() {
      return length
    },
    text: () => parts.join(''),
  }
}

/** The text is longer than it may be. */
export const tooMuchText = (maxCharacters: number): ReadFailure =>
  new ReadFailure(
    'file_too_large',
    `The file has more than ${maxCharacters} characters of text. Divide it, or raise \`limits.maxCharacters\`.`,
  )
