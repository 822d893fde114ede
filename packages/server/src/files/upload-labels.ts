import type { LateLabels } from '@antiphon/store'
import { fileRefusals } from './file-refusals.ts'

const PURPOSES = ['assistants', 'batch', 'fine-tune', 'vision', 'user_data', 'evals']
const KNOWN = new Set(['purpose', 'expires_after[anchor]', 'expires_after[seconds]', 'expires_after'])

const MIN_SECONDS = 3_600
const MAX_SECONDS = 2_592_000

/**
 * What a form says of its file: `purpose`, and `expires_after`, as fields of their own or as JSON.
 *
 * @throws ServeError 400 that names the field.
 */
export const uploadLabels = (fields: ReadonlyMap<string, string>, now: number): LateLabels => {
  for (const name of fields.keys())
    if (!KNOWN.has(name))
      throw fileRefusals.field(name.slice(0, 100), `Unknown parameter: '${name.slice(0, 100)}'.`)
  const purpose = fields.get('purpose')
  if (purpose === undefined) throw fileRefusals.missing('purpose')
  if (!PURPOSES.includes(purpose))
    throw fileRefusals.field(
      'purpose',
      `'${purpose.slice(0, 100)}' is not one of ${PURPOSES.map((one) => `'${one}'`).join(', ')}.`,
    )
  const seconds = secondsOf(fields)
  return { purpose, ...(seconds === undefined ? {} : { expiresAt: now + seconds * 1_000 }) }
}

const secondsOf = (fields: ReadonlyMap<string, string>): number | undefined => {
  const whole = fields.get('expires_after')
  const given =
    whole === undefined
      ? { anchor: fields.get('expires_after[anchor]'), seconds: fields.get('expires_after[seconds]') }
      : parsed(whole)
  if (given.anchor === undefined && given.seconds === undefined) return undefined
  if (given.anchor !== 'created_at')
    throw fileRefusals.field('expires_after.anchor', "`expires_after.anchor` must be 'created_at'.")
  const seconds = Number(given.seconds ?? Number.NaN)
  if (!Number.isInteger(seconds) || seconds < MIN_SECONDS || seconds > MAX_SECONDS)
    throw fileRefusals.field(
      'expires_after.seconds',
      `\`expires_after.seconds\` must be a whole number from ${MIN_SECONDS} to ${MAX_SECONDS}.`,
    )
  return seconds
}

const parsed = (text: string): { readonly anchor?: unknown; readonly seconds?: unknown } => {
  try {
    const value: unknown = JSON.parse(text)
    if (typeof value === 'object' && value !== null) return value
  } catch {
    // Said below.
  }
  throw fileRefusals.field('expires_after', '`expires_after` must be an object with `anchor` and `seconds`.')
}
