import { z } from 'zod'

/** Longest text of an input, in characters. */
export const TEXT_CHARS = 10_485_760
/** Longest address of an image, which may hold the image, and longest encrypted content. */
export const DATA_CHARS = 20_971_520
/** Longest content of a file. */
export const FILE_CHARS = 73_400_320

/** Limits count characters, not UTF-16 units: an emoji is one. */
export const isLonger = (text: string, maximum: number): boolean =>
  text.length > maximum && (text.length > 2 * maximum || [...text].length > maximum)

/** A text of a number of characters. */
export const chars = (maximum: number, minimum = 0): z.ZodString =>
  z.string().check((context) => {
    const { value } = context
    if (value.length < minimum) {
      context.issues.push({ code: 'too_small', origin: 'string', minimum, input: value })
    } else if (isLonger(value, maximum)) {
      context.issues.push({ code: 'too_big', origin: 'string', maximum, input: value })
    }
  })

/** Anything that is an object, and no list. */
export const anyObject = z.looseObject({})

/** An object with some known fields; others pass. */
export const fields = z.looseObject

/** A text of any length. */
export const text = z.string()

/** The key between a call and its output. */
export const callId = chars(64, 1)

/** Name of a function. */
export const functionName = chars(128, 1).regex(/^[a-zA-Z0-9_-]+$/)
