import type { Clause } from './clauses.ts'
import type { Entity } from './entities.ts'
import type { Role } from './parameter-role.ts'
import type { Parameter, Tool } from './read-tools.ts'
import { bestAffinity } from './synonyms.ts'
import { isStopWord, wordsOf } from './words.ts'

/**
 * The text for a free-text parameter: what follows its name (`subject: Hello`), what is being said or searched, or the
 * rest of the clause. Optional parameters get only what is clearly theirs.
 */
export const bestText = (
  parameter: Parameter,
  tool: Tool,
  clause: Clause,
  used: ReadonlySet<Entity>,
): string | undefined => {
  if (parameter.shape.type !== 'string' && parameter.shape.type !== 'any' && parameter.shape.type !== 'array')
    return undefined
  if (parameter.role === 'prompt')
    return parameter.needed || tool.parameters.length === 1 ? clause.text : undefined
  const named = afterName(parameter, clause)
  if (
    named !== undefined &&
    (parameter.role === 'text' || parameter.role === 'message' || parameter.role === 'query')
  )
    return named
  if (parameter.role === 'query')
    return parameter.needed ? (searchedText(clause, tool) ?? restOf(tool, clause, used)) : undefined
  if (parameter.role === 'message')
    return spokenText(clause) ?? (parameter.needed ? restOf(tool, clause, used) : undefined)
  if (parameter.role !== 'text' || !parameter.needed) return undefined
  const others = tool.parameters.filter(
    (other) => other !== parameter && other.needed && other.role === 'text',
  )
  return others.length === 0 || /^(?:title|subject|description|name)$/.test(parameter.name)
    ? (afterColon(clause) ?? restOf(tool, clause, used))
    : undefined
}

/** `subject: Hello`, `title is "Buy milk"`, `note = x`. */
const afterName = (parameter: Parameter, clause: Clause): string | undefined => {
  const name = parameter.name
    .replace(/[_-]/g, ' ')
    .replace(/([a-z])([A-Z])/g, '$1 $2')
    .replace(/[^\w ]/g, '')
  if (name.length < 2) return undefined
  const form = new RegExp(
    `\\b${name}\\b\\s*(?::|=|\\bis\\b|\\bof\\b|\\bas\\b|(?=["'“\`]))\\s*(?:"([^"]+)"|'([^']+)'|“([^”]+)”|\`([^\`]+)\`|([^,.;?!]+))`,
    'i',
  )
  return form
    .exec(clause.text)
    ?.slice(1)
    .find((group) => group !== undefined)
    ?.trim()
}

/** What a search is for: `for X`, `mention X`, `where is X defined`. `in Y` belongs to it unless the tool takes a place. */
const searchedText = (clause: Clause, tool: Tool): string | undefined => {
  const placed = tool.parameters.some((one) => PLACES.has(one.role))
  const found = (placed ? SEARCHED_IN : SEARCHED).exec(clause.text)?.[1] ?? LOCATED.exec(clause.text)?.[1]
  return found === undefined || found.trim() === '' ? undefined : unquoted(found.trim())
}

const PLACES: ReadonlySet<Role> = new Set(['folder', 'file', 'path', 'place', 'glob'])
const SEARCHED =
  /\b(?:for|mentions?|mentioning|contain(?:s|ing)?|about|called|named|uses?|on)\s+(?:the\s+(?:words?|text|string|phrase)\s+)?(.+?)[?.!,]*$/i
const SEARCHED_IN = new RegExp(
  SEARCHED.source.replace('[?.!,]*$', '(?=\\s+\\b(?:in|inside|under|within|across|from)\\b|[?.!,]*$)'),
  'i',
)
const LOCATED =
  /\bwhere\s+(?:is|are|does|do|can i find)\s+(?:the\s+|a\s+)?(.+?)(?=\s+(?:defined|used|declared|set|made|come|live)\b|[?.!,]*$)/i

/** `Create a ticket: the login page is broken`. */
const afterColon = (clause: Clause): string | undefined => {
  const found = /:\s+(.+?)[.!?]?$/s.exec(clause.text)?.[1]?.trim()
  return found === undefined ? undefined : unquoted(found)
}

/** What a message says: after a colon, `saying`, `that says` or `that`. */
const spokenText = (clause: Clause): string | undefined => {
  const found =
    /(?::\s+|\b(?:saying|that says|which says|to say|with the text|reading|telling (?:him|her|them|me))\b:?\s*(?:that\s+)?|\bthat\s+)(.+?)[.!?]?$/i.exec(
      clause.text,
    )?.[1]
  return found === undefined ? undefined : unquoted(found.trim())
}

const unquoted = (text: string): string => text.replace(/^["'“`](.*)["'”`]$/, '$1')

/** The clause without the words that only pick the tool, without what other parameters took, and without the frame. */
const restOf = (tool: Tool, clause: Clause, used: ReadonlySet<Entity>): string | undefined => {
  const taken = [...used]
  const words = wordsOf(clause.text).filter(
    (word) => !taken.some((entity) => word.start >= entity.start && word.start < entity.end),
  )
  const drops = words.map(
    (word) => isStopWord(word.text.toLowerCase()) || bestAffinity(word.stem, tool.nameStems) >= 0.6,
  )
  const first = drops.indexOf(false)
  const last = drops.lastIndexOf(false)
  if (first < 0) return undefined
  return clause.text.slice(words[first]!.start, words[last]!.end)
}
