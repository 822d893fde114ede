import { descriptionOf, elementOf, type Property, type Shape } from './json-schema.ts'
import { fieldOf } from './json-values.ts'
import { nameWords } from './words.ts'

/** What a parameter seems to want, judged by its type, name, format and description. */
export type Role =
  | 'boolean'
  | 'number'
  | 'enum'
  | 'object'
  | 'email'
  | 'url'
  | 'date'
  | 'time'
  | 'file'
  | 'folder'
  | 'path'
  | 'glob'
  | 'extension'
  | 'expression'
  | 'query'
  | 'prompt'
  | 'message'
  | 'id'
  | 'place'
  | 'person'
  | 'currency'
  | 'language'
  | 'text'

const BY_NAME: ReadonlyArray<readonly [Role, RegExp]> = [
  ['glob', /^(?:glob|globs|pattern|patterns|include|mask|wildcard)$/],
  ['extension', /^(?:ext|exts|extension|extensions|suffix|filetype)$/],
  ['email', /^(?:email|mail|recipient|recipients|cc|bcc)$/],
  ['url', /^(?:url|urls|uri|link|href|website|endpoint)$/],
  ['folder', /^(?:dir|directory|directories|folder|folders|cwd|root)$/],
  ['file', /^(?:file|files|filename|filepath|document)$/],
  ['path', /^(?:path|paths)$/],
  ['expression', /^(?:expression|expr|formula|equation|calculation)$/],
  [
    'query',
    /^(?:query|queries|q|search|keyword|keywords|term|terms|needle|regex|regexp|topic|symbol|phrase)$/,
  ],
  ['prompt', /^(?:input|task|prompt|question|instruction|instructions|request|goal|brief)$/],
  ['message', /^(?:message|body|text|content|contents|note|comment|reply|summary|reason)$/],
  ['date', /^(?:date|day|when|deadline|birthday|checkin|checkout)$/],
  ['time', /^(?:time|hour|at)$/],
  ['currency', /^(?:currency|currencies)$/],
  ['language', /^(?:language|lang|locale)$/],
  [
    'place',
    /^(?:city|cities|place|places|location|locations|town|country|countries|region|state|address|destination|origin|area|zone|timezone)$/,
  ],
  [
    'person',
    /^(?:person|people|attendees?|participants?|guests?|members?|user|customer|author|owner|assignee|contact|username)$/,
  ],
  ['id', /^(?:id|ids|key|code|sku|ref|reference|ticket|order|invoice|issue)$/],
]

const BY_FORMAT: Record<string, Role> = {
  email: 'email',
  uri: 'url',
  url: 'url',
  date: 'date',
  'date-time': 'date',
  time: 'time',
}

/** The role of a parameter. `toolWords` are the words of the tool's name: the `path` of `read_file` is a file. */
export const roleOf = (property: Property, toolWords: readonly string[]): Role => {
  const shape = property.shape.type === 'array' ? elementOf(property.shape, 0) : property.shape
  const byType = roleByType(shape)
  if (byType !== undefined) return byType
  const format = typeof shape.schema.format === 'string' ? fieldOf(BY_FORMAT, shape.schema.format) : undefined
  if (format !== undefined) return format
  const about = descriptionOf(property.shape) || descriptionOf(shape)
  const words = nameWords(property.name)
  let role: Role = 'text'
  // The last word of a name says what it is: `order_id` is an id, `user_email` an e-mail address.
  for (const word of words.toReversed()) {
    const match = BY_NAME.find(([, form]) => form.test(word))
    if (match !== undefined) {
      role = match[0]
      break
    }
  }
  return refine(role, about, toolWords, words)
}

const roleByType = (shape: Shape): Role | undefined => {
  if (shape.values !== undefined) return 'enum'
  if (shape.type === 'boolean' || shape.type === 'object') return shape.type
  if (shape.type === 'number' || shape.type === 'integer') return 'number'
  return undefined
}

const refine = (role: Role, about: string, toolWords: readonly string[], words: readonly string[]): Role => {
  const searches = toolWords.some((word) => /^(?:search|grep|find|match)$/.test(word))
  if (role === 'glob' && searches && !/\bglob\b|\*\*?[/.]|file ?names?/i.test(about)) return 'query'
  if (role === 'glob' && /\b(?:extension|ending)\b/i.test(about) && !/\bglob\b|\*/i.test(about))
    return 'extension'
  if (role === 'path' || (role === 'file' && words.length === 1 && words[0] === 'document')) {
    if (
      toolWords.some((word) => /^(?:read|open|view|cat|show|write|edit|delete|remove|parse|load)$/.test(word))
    )
      return 'file'
    if (toolWords.some((word) => /^(?:list|ls|glob|tree|search|grep|find|walk|count)$/.test(word)))
      return 'folder'
    return /\b(?:folder|directory)\b/i.test(about) ? 'folder' : /\bfile\b/i.test(about) ? 'file' : 'path'
  }
  if (
    role === 'message' &&
    toolWords.some((word) => /^(?:translate|search|summari[sz]e|analy[sz]e|count|classify|ask)$/.test(word))
  ) {
    return searches ? 'query' : 'message'
  }
  if (role !== 'text') return role
  return BY_DESCRIPTION.find(([, form]) => form.test(about))?.[0] ?? 'text'
}

const BY_DESCRIPTION: ReadonlyArray<readonly [Role, RegExp]> = [
  ['glob', /\bglob\b/i],
  ['expression', /\barithmetic\b|\bexpression\b|\bformula\b/i],
  ['email', /\be-?mail address|\brecipients?\b/i],
  ['url', /\burl\b|\bweb (?:page|address)/i],
  ['currency', /\bcurrency\b|\biso 4217\b/i],
  ['language', /\blanguage\b/i],
  ['place', /\b(?:city|place|location|town|country)\b/i],
  ['date', /\bdate\b|\byyyy-mm-dd\b/i],
  ['folder', /\b(?:folder|directory)\b/i],
  ['file', /\bfile\b/i],
  ['id', /\bidentifier\b|\b(?:order|ticket|invoice|customer) (?:number|id)\b/i],
  ['person', /\bperson\b|\bname of the (?:user|customer|author)\b/i],
  ['query', /\bsearch(?:ed)? for\b|\bto (?:search|look|find)\b|\bquery\b/i],
  ['prompt', /\btask\b|\bquestion\b|\binstructions?\b/i],
]

const COUNTERS = /^(?:limit|max|top|count|n|size|page|depth|lines|results|items|number)$/

/** True for parameters that say how many of something: they have a harmless value when nothing is said. */
export const isCounter = (parameter: Property): boolean =>
  nameWords(parameter.name).some((word) => COUNTERS.test(word))
