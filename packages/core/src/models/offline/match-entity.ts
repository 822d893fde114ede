import type { Entity } from './entities.ts'
import type { EntityKind } from './entity-forms.ts'
import { extensionsOf, fileNameFor, looksLikeFile } from './file-kinds.ts'
import { descriptionOf, elementOf } from './json-schema.ts'
import { fieldOf } from './json-values.ts'
import type { Role } from './parameter-role.ts'
import type { Parameter } from './read-tools.ts'
import { bestAffinity } from './synonyms.ts'
import { stem } from './words.ts'

type Fits = Partial<Record<EntityKind, number>>
const NAMED: Fits = { quoted: 0.7, name: 1, phrase: 0.6, upper: 0.6 }

/** How well a form of text suits a role, 0 to 1. Pairs that are not listed do not suit at all. */
const FITS: Partial<Record<Role, Fits>> = {
  number: { number: 0.6 },
  email: { email: 1, name: 0.35 },
  url: { url: 1 },
  date: { date: 1, quoted: 0.3 },
  time: { time: 1, date: 0.3, quoted: 0.3 },
  file: { path: 0.9, upper: 0.8, quoted: 0.6 },
  folder: { path: 0.9, quoted: 0.5, phrase: 0.35 },
  path: { path: 1, upper: 0.6, quoted: 0.6 },
  glob: { filetype: 1 },
  extension: { filetype: 1 },
  expression: { expression: 1, quoted: 0.4 },
  query: { quoted: 1, identifier: 0.9, upper: 0.6, name: 0.6, phrase: 0.4, path: 0.35 },
  id: { identifier: 1, number: 0.85, upper: 0.5, quoted: 0.6 },
  place: NAMED,
  person: { ...NAMED, email: 0.6, identifier: 0.4 },
  currency: { upper: 1, quoted: 0.4 },
  language: { name: 0.9, quoted: 0.3, phrase: 0.4 },
  message: { quoted: 0.9 },
  text: { quoted: 0.8, name: 0.6, identifier: 0.5, upper: 0.4, url: 0.2, email: 0.2, path: 0.3 },
}

const LOOSE: ReadonlySet<EntityKind> = new Set(['name', 'upper', 'phrase'])
const SEARCHED =
  /^(?:for|of|about|find|search|grep|mentions?|mentioning|contains?|containing|uses?|and|or|is)$/

/** Below this an entity is no evidence for a parameter. */
export const WEAKEST = 0.3

/** How well an entity suits a parameter; more than 1 when the words beside it name the parameter, 0 when it can not. */
export const entityFit = (parameter: Parameter, entity: Entity): number => {
  let fit = FITS[parameter.role]?.[entity.kind] ?? 0
  if (entity.kind === 'path' && (parameter.role === 'file' || parameter.role === 'folder')) {
    const glob = entity.text.includes('*')
    if (glob || looksLikeFile(entity.text) !== (parameter.role === 'file')) fit = glob ? 0 : 0.35
  }
  if (entity.kind === 'path' && entity.text.includes('*') && parameter.role === 'glob') fit = 1
  if (entity.kind === 'upper' && parameter.role === 'file' && !looksLikeFile(entity.text)) fit = 0
  if (entity.kind === 'upper' && parameter.role === 'currency' && entity.text.length !== 3) fit = 0.2
  // A word is searched for only where the sentence says so: not the `Naples` of `pizza in Naples`.
  if (parameter.role === 'query' && LOOSE.has(entity.kind) && !SEARCHED.test(entity.before)) return 0
  // `A-17` is an id, `createSender` is a name in some code.
  if (entity.kind === 'identifier' && parameter.role === 'id' && !/\d/.test(entity.text)) fit = 0.4
  if (fit === 0) return 0
  const before = stem(entity.before)
  if (parameter.nameStems.includes(before)) return fit + 0.5
  const beside = [before, ...entity.after.split(' ').map(stem)].filter((word) => word.length > 1)
  if (beside.some((word) => bestAffinity(word, parameter.nameStems) >= 0.8)) return fit + 0.4
  if (beside.some((word) => word.length > 2 && parameter.aboutStems.includes(word))) return fit + 0.3
  return fit
}

const CURRENCIES: Record<string, string> = {
  euro: 'EUR',
  dollar: 'USD',
  pound: 'GBP',
  yen: 'JPY',
  franc: 'CHF',
  rupee: 'INR',
  yuan: 'CNY',
  won: 'KRW',
}

/** The currency code that a word names, if it names one. */
export const currencyCode = (word: string): string | undefined =>
  fieldOf(CURRENCIES, word.toLowerCase().replace(/s$/, ''))

/** The argument that an entity makes for a parameter, in the form the parameter asks for. */
export const argumentFrom = (parameter: Parameter, entity: Entity): unknown => {
  const { pattern } = parameter.shape.schema
  const about = `${descriptionOf(parameter.shape)} ${typeof pattern === 'string' ? pattern : ''}`
  switch (parameter.role) {
    case 'file':
      return entity.kind === 'upper' ? fileNameFor(entity.text) : entity.text
    case 'folder':
      return entity.text.length > 1 ? entity.text.replace(/\/$/, '') : entity.text
    case 'glob':
      return entity.kind === 'filetype' ? `**/*.${entity.text}` : entity.text
    case 'extension':
      return /['"`(\s]\.[a-z]{1,4}\b|leading dot|with (?:the |a )?dot|\\\./i.test(about) &&
        !/without (?:the |a )?dot/i.test(about)
        ? `.${entity.text}`
        : entity.text
    case 'place':
    case 'person':
      return entity.kind === 'phrase' ? capitalise(entity.text) : entity.text
    case 'date':
      return isoDate(entity.text) ?? entity.text
    case 'expression':
      return entity.text
        .replace(/\bplus\b/gi, '+')
        .replace(/\bminus\b/gi, '-')
        .replace(/\b(?:times|multiplied by)\b|×/gi, '*')
        .replace(/\b(?:divided by|over)\b|÷/gi, '/')
    case 'id':
      return idFrom(parameter, entity)
    default:
      return entity.text
  }
}

/** `#42` and `42` keep or lose the sign as the description shows it; a number stays a number where one is asked for. */
const idFrom = (parameter: Parameter, entity: Entity): unknown => {
  const element = parameter.shape.type === 'array' ? elementOf(parameter.shape, 0) : parameter.shape
  return descriptionOf(element).includes('#') ? entity.text : entity.text.replace(/^#/, '')
}

const capitalise = (text: string): string =>
  text.replace(/(?<![\p{L}'’])\p{Ll}/gu, (letter) => letter.toUpperCase())

const MONTHS = ['jan', 'feb', 'mar', 'apr', 'may', 'jun', 'jul', 'aug', 'sep', 'oct', 'nov', 'dec']

/** `3 May 2026` as `2026-05-03`. Days without a year stay as written: this model has no clock. */
const isoDate = (text: string): string | undefined => {
  const year = /\b(\d{4})\b/.exec(text)?.[1]
  const day = /\b(\d{1,2})(?:st|nd|rd|th)?\b/.exec(text)?.[1]
  const month =
    MONTHS.indexOf(/[a-z]{3}/i.exec(text.replace(/\d+(?:st|nd|rd|th)/g, ''))?.[0].toLowerCase() ?? '') + 1
  if (year === undefined || day === undefined || month === 0) return undefined
  return `${year}-${String(month).padStart(2, '0')}-${day.padStart(2, '0')}`
}

/** True when the text between two entities only lists them: `Paris, Tokyo and Oslo`. */
export const isList = (between: string): boolean =>
  /^['’]?s?\s*(?:,|&|\/|;|\b(?:and|or|vs|versus|plus|also|as well as|compared (?:to|with))\b\.?|\s)+\s*(?:\b(?:in|for|of|at|to|from|the|on|also|file|files)\b\s*)*$/i.test(
    between,
  ) && /,|&|\/|;|\b(?:and|or|vs|versus|plus|as well as|compared)\b/i.test(between)

/** The extension that the clause asks for, when it names a kind of file. */
export const extensionAsked = (entities: readonly Entity[]): readonly string[] | undefined => {
  const kind = entities.find((entity) => entity.kind === 'filetype')
  return kind === undefined ? undefined : (extensionsOf(kind.text) ?? [kind.text])
}
