import { isObject, type JsonObject } from './json-schema.ts'
import { scalarText } from './json-values.ts'
import { bestAffinity } from './synonyms.ts'
import { nameWords, stem } from './words.ts'

/** Field names that are units: `{ celsius: 21 }` reads `21 celsius`. */
const UNITS =
  /^(?:celsius|fahrenheit|kelvin|percent|degrees?|km|kmh|kph|mph|miles|meters|metres|kg|grams|lbs|usd|eur|gbp|euros?|dollars?|cents?|bytes|kb|mb|gb|ms|milliseconds|seconds|minutes|hours|days|weeks|months|years|inhabitants|points|stars|items|files|lines|matches|words|characters)$/i

/** Most fields or entries that one line names. */
const MOST = 6

/** A value in few words: the fields that the question asks for, or all of them when they are few. */
export const describeValue = (value: unknown, stems: readonly string[], subject?: string): string => {
  if (value === null || value === undefined) return 'nothing'
  if (Array.isArray(value)) return describeList(value, stems)
  if (isObject(value)) return describeFields(value, stems, subject)
  if (typeof value === 'number') return numberText(value)
  return typeof value === 'boolean' ? (value ? 'yes' : 'no') : shortText(scalarText(value) ?? '')
}

/** Without the digits that only binary fractions have. */
const numberText = (value: number): string =>
  String(Math.abs(value) >= 0.01 ? Number(value.toFixed(6)) : value)

/** One line of at most `most` characters. */
export const shortText = (text: string, most = 200): string => {
  const line = text.replace(/\s+/g, ' ').trim()
  return line.length <= most
    ? line
    : `${line.slice(0, line.lastIndexOf(' ', most) > most / 2 ? line.lastIndexOf(' ', most) : most)} …`
}

const describeList = (list: readonly unknown[], stems: readonly string[]): string => {
  if (list.length === 0) return 'nothing'
  const shown = list.slice(0, MOST).map((entry) => describeValue(entry, stems))
  const joined = shown.join(list.some(isObject) ? '; ' : ', ')
  return list.length > MOST ? `${joined}, … (${list.length} in all)` : joined
}

/** A name of a field as words: `createdAt` is `created at`. */
export const fieldWords = (name: string): string => (/[-@/.]/.test(name) ? name : nameWords(name).join(' '))

const describeFields = (value: JsonObject, stems: readonly string[], subject?: string): string => {
  const same = subject?.toLowerCase()
  const unit =
    typeof value.unit === 'string' ? value.unit : typeof value.units === 'string' ? value.units : undefined
  const fields = Object.entries(value).filter(
    ([name, field]) =>
      field !== null &&
      field !== undefined &&
      field !== '' &&
      !(Array.isArray(field) && field.length === 0) &&
      (same === undefined || scalarText(field)?.toLowerCase() !== same) &&
      !(unit !== undefined && /^units?$/.test(name)),
  )
  if (fields.length === 0)
    return Object.keys(value).length === 0
      ? 'done'
      : Object.values(value)
          .map((one) => describeValue(one, stems))
          .join(', ')
  const asked = fields.filter(([name]) =>
    nameWords(name).some((word) => bestAffinity(stem(word), stems) >= 0.6),
  )
  const shown = asked.length > 0 && fields.length > 3 ? asked : fields
  const parts = shown.slice(0, MOST).map(([name, field]) => describeField(name, field, stems, unit))
  return shown.length > MOST ? `${parts.join(', ')}, …` : parts.join(', ')
}

const describeField = (
  name: string,
  field: unknown,
  stems: readonly string[],
  unit: string | undefined,
): string => {
  const words = fieldWords(name)
  if (field === true) return /^(?:ok|success|done)$/.test(words) ? 'done' : words
  if (field === false) return `not ${words}`
  if (typeof field === 'number' && UNITS.test(words)) return `${numberText(field)} ${words}`
  if (typeof field === 'number' && unit !== undefined) return `${words} ${numberText(field)} ${unit}`
  if (/^(?:result|answer|value|output|text|message|status|condition|conditions)$/.test(words))
    return describeValue(field, stems)
  const text = describeValue(field, stems)
  return isObject(field) ? `${words} (${text})` : `${words} ${text}`
}
