import { ConfigError } from '../errors.ts'

/** Kinds of secrets that are known by name. */
export type RedactName = 'email' | 'creditCard' | 'apiKey' | 'bearer'

/** Replaces what must not be seen in a text. */
export type RedactText = (text: string) => string

// Every repetition is bounded, so that no text can make the search slow.
const EMAIL = /\b[\w.%+-]{1,64}@(?:[a-z0-9-]{1,63}\.){1,8}[a-z]{2,24}\b/gi
const CARD = /(?<![\d.])\d(?:[ -]?\d){12,18}(?![\d.]\d|\d)/g
const BEARER = /\b(bearer)\s{1,8}[\w.~+/=-]{8,4096}/gi
const API_KEY = new RegExp(
  [
    '\\b(?:sk|pk|rk)[-_][\\w-]{16,512}',
    '\\bgh[pousr]_[A-Za-z0-9]{20,255}',
    '\\b(?:github_pat|glpat|npm|hf|xai|gsk)[-_][\\w-]{20,255}',
    '\\b(?:AKIA|ASIA)[0-9A-Z]{16}\\b',
    '\\bAIza[\\w-]{35}',
    '\\bxox[abeprs]-[A-Za-z0-9-]{10,255}',
    '\\beyJ[\\w-]{8,4096}\\.[\\w-]{8,8192}\\.[\\w-]{8,4096}',
  ].join('|'),
  'g',
)

const NAMED: Readonly<Record<RedactName, RedactText>> = {
  email: (text) => (text.includes('@') ? text.replace(EMAIL, '[redacted email]') : text),
  creditCard: (text) =>
    text.replace(CARD, (digits) => (passesLuhn(digits) ? '[redacted creditCard]' : digits)),
  apiKey: (text) => text.replace(API_KEY, '[redacted apiKey]'),
  bearer: (text) => text.replace(BEARER, '$1 [redacted bearer]'),
}

const NAMES = Object.keys(NAMED) as RedactName[]

/** One function of many patterns; the names alone when none are given. */
export const redactorOf = (patterns: readonly (RegExp | RedactName)[] | RedactText = NAMES): RedactText => {
  if (typeof patterns === 'function') return patterns
  const steps = patterns.map(stepOf)
  return (text) => steps.reduce((rest, step) => step(rest), text)
}

const stepOf = (pattern: RegExp | RedactName): RedactText => {
  if (pattern instanceof RegExp) {
    const all = new RegExp(pattern.source, pattern.flags.includes('g') ? pattern.flags : `${pattern.flags}g`)
    return (text) => text.replace(all, '[redacted]')
  }
  const step = Object.hasOwn(NAMED, pattern) ? NAMED[pattern] : undefined
  if (step !== undefined) return step
  throw new ConfigError(
    'invalid_config',
    `Expected \`patterns\` of redact() to be regular expressions or names (${NAMES.join(', ')}), got \`${String(pattern)}\`.`,
  )
}

/** The check digit of card numbers: other numbers of that length pass it once in ten times. */
const passesLuhn = (text: string): boolean => {
  let sum = 0
  const digits = text.replace(/\D/g, '')
  for (let place = 0; place < digits.length; place++) {
    const digit = Number(digits[digits.length - 1 - place])
    const doubled = place % 2 === 1 ? digit * 2 : digit
    sum += doubled > 9 ? doubled - 9 : doubled
  }
  return sum % 10 === 0
}
