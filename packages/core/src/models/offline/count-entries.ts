import type { Clause } from './clauses.ts'
import { isObject } from './json-schema.ts'
import { extensionAsked } from './match-entity.ts'
import { listIn, type Outcome, pathsIn } from './read-output.ts'
import { nameWords } from './words.ts'

/** What a counting question found. */
export interface Counted {
  readonly count: number
  /** False when the tool cut its list short. */
  readonly complete: boolean
  /** The paths that were counted, when they are paths. */
  readonly paths: readonly string[]
}

const COUNT_FIELD = /^(?:count|total|number|length|size|n|amount|hits|matches|files|entries|results)$/

/** Counts what the clause asks for in an output: a number in it, else the entries of its list. */
export const countEntries = (outcome: Outcome, clause: Clause): Counted | undefined => {
  if (outcome.kind === 'value' && typeof outcome.value === 'number')
    return { count: outcome.value, complete: true, paths: [] }
  if (outcome.kind === 'text' && /\blines\b/i.test(clause.text) && outcome.text.includes('\n')) {
    return { count: outcome.text.trimEnd().split('\n').length, complete: true, paths: [] }
  }
  const list = listIn(outcome)
  const extensions = extensionAsked(clause.entities)
  if (list !== undefined && list.length > 0) {
    const paths = pathsIn(outcome).filter((path) => path !== '' && !/\s/.test(path))
    const cut = isCut(outcome)
    // A listing of everything is counted by ending when the question names a kind of file.
    if (extensions !== undefined && paths.some((path) => /\.\w+$/.test(path))) {
      const wanted = paths.filter((path) => extensions.includes(path.split('.').at(-1) ?? ''))
      return { count: wanted.length, complete: !cut, paths: wanted }
    }
    const stated = statedCount(outcome)
    if (stated !== undefined && stated >= list.length) return { count: stated, complete: true, paths }
    const real = list.filter((entry) => typeof entry !== 'string' || !isRemark(entry))
    return { count: real.length, complete: !cut, paths: paths.filter((path) => !isRemark(path)) }
  }
  const stated = statedCount(outcome)
  if (stated !== undefined) return { count: stated, complete: true, paths: [] }
  if (list !== undefined) return { count: 0, complete: true, paths: [] }
  return undefined
}

const isRemark = (line: string): boolean =>
  /^(?:…|\.\.\.|\(|\[)/.test(line) ||
  (/\b(?:truncated|in total|more)\b.*[)\]]?$/i.test(line) && /\s/.test(line))

const isCut = (outcome: Outcome): boolean =>
  outcome.kind === 'text'
    ? /\btruncated\b|…\s*\d+ more|\band \d+ more\b/i.test(outcome.text)
    : outcome.kind === 'value' &&
      isObject(outcome.value) &&
      (outcome.value.truncated === true || outcome.value.hasMore === true || outcome.value.has_more === true)

const statedCount = (outcome: Outcome): number | undefined => {
  if (outcome.kind === 'text') {
    if (outcome.text.trim() === '' || /^no (?:\w+ )*(?:files?|matches|results|entries)\b/i.test(outcome.text))
      return 0
    const found =
      /^(?:total:?\s*)?(\d+)\s+(?:\w+\s+)?(?:files?|matches|results|entries|items|lines|rows|records|occurrences)\b/i.exec(
        outcome.text,
      )?.[1]
    const only = /^\D{0,40}?(\d+)\D{0,60}$/.exec(outcome.text)?.[1]
    return found !== undefined
      ? Number(found)
      : only !== undefined && !outcome.text.includes('\n')
        ? Number(only)
        : undefined
  }
  if (outcome.kind !== 'value' || !isObject(outcome.value)) return undefined
  for (const [name, field] of Object.entries(outcome.value)) {
    if (typeof field === 'number' && nameWords(name).some((word) => COUNT_FIELD.test(word))) return field
  }
  const numbers = Object.values(outcome.value).filter((field) => typeof field === 'number')
  return numbers.length === 1 ? numbers[0] : undefined
}

/** `packages/core has 42 TypeScript files: 31 in src, 11 in test.` */
export const describeCount = (counted: Counted, clause: Clause, place: string | undefined): string => {
  const { count, complete, paths } = counted
  const asked =
    /\b(?:how many|number of|count(?: of)?)\s+(?:all |the )*(.+?)(?=\s+(?:has|have|had|are|is|was|were|does|do|did|can|could|will|would|in|there|contains?|uses?|mentions?|exist|under|inside|of)\b|[?.!,;]|$)/i.exec(
      clause.text,
    )?.[1]
  const named = (place === undefined ? asked : asked?.replace(place, ''))?.trim()
  const noun = named === undefined || named === '' || named.length > 60 ? 'entries' : named
  const amount = `${complete ? '' : 'at least '}${count} ${count === 1 ? noun.replace(/ies$/, 'y').replace(/([^s])s$/, '$1') : noun}`
  const main = place === undefined ? amount : `${place} has ${amount}`
  const folders = byFolder(paths, place)
  return `${main}${folders === '' ? '' : `: ${folders}`}.`
}

/** `31 in src, 11 in test`, when the paths fall into a few folders. */
const byFolder = (paths: readonly string[], place: string | undefined): string => {
  const base = place === undefined || place === '.' ? '' : `${place.replace(/\/$/, '')}/`
  const folders = new Map<string, number>()
  for (const path of paths) {
    const inside = path.startsWith(base) ? path.slice(base.length) : path
    const folder = inside.includes('/') ? inside.replace(/^\.\//, '').split('/')[0]! : ''
    folders.set(folder, (folders.get(folder) ?? 0) + 1)
  }
  if (folders.size < 2 || folders.size > 6) return ''
  return [...folders]
    .map(([folder, count]) => (folder === '' ? `${count} at the top` : `${count} in ${folder}`))
    .join(', ')
}
