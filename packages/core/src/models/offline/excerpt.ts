import { bestAffinity } from './synonyms.ts'
import { contentStems, stem } from './words.ts'

interface Unit {
  readonly text: string
  readonly bullet: boolean
  readonly section: string
  readonly order: number
  /** First of its paragraph. */
  readonly leads: boolean
}

const DIRECTIVE =
  /\b(?:must|should|shall|please|always|never|before|only|required?|do not|don['’]t|make sure|ensure|has to|have to)\b/i
const IMPERATIVE =
  /^(?:please |always |never |do not |don['’]t )?(?:run|add|keep|use|write|open|follow|avoid|sign|include|update|prefer|name|test|commit|format|check|read|document|make|ensure|put|start|begin|never|do|don['’]t)\b/i
/** Stems of words that ask for a reading, whatever the topic. */
const ABOUT_READING = new Set(
  'ask say read tell show content contain open view describe explain summary summarise summarize file document rule according see'
    .split(' ')
    .map(stem),
)
const ASKS_RULES =
  /\b(?:ask|asks|asked|require|requires|required|expect|expects|want|wants|need|needs|must|should|rules?|how (?:do|can|should) i|contribut\w*)\b/i

/** Longest line of an excerpt, in characters. */
const LINE = 220

/** The lines of a document that a question is about, in the order of the document. */
export const excerpt = (document: string, question: string, most = 6): string[] => {
  const units = unitsOf(document)
  const words = contentStems(question).filter((word) => !ABOUT_READING.has(word))
  const wantsRules = ASKS_RULES.test(question)
  const relevance = units.map((unit) => relevanceOf(unit, words))
  const highest = Math.max(0, ...relevance)
  const onlyRules = wantsRules && units.filter(isRule).length > 1
  const scored = units.flatMap((unit, index) => {
    const own = relevance[index] ?? 0
    // Where the document has something on the topic, only that is shown.
    if (highest >= 1 ? own < Math.max(0.6, highest * 0.45) : onlyRules && !isRule(unit)) return []
    return [{ unit, score: 2 * own + formOf(unit, wantsRules) }]
  })
  const chosen: Unit[] = []
  const perSection = new Map<string, number>()
  while (chosen.length < most && scored.length > 0) {
    let best = 0
    for (let index = 1; index < scored.length; index++) {
      if (weighed(scored[index]!, perSection) > weighed(scored[best]!, perSection)) best = index
    }
    const [taken] = scored.splice(best, 1)
    if (taken === undefined) break
    chosen.push(taken.unit)
    perSection.set(taken.unit.section, (perSection.get(taken.unit.section) ?? 0) + 1)
  }
  return chosen.sort((left, right) => left.order - right.order).map((unit) => shorten(unit.text))
}

const weighed = (scored: { unit: Unit; score: number }, perSection: ReadonlyMap<string, number>): number =>
  scored.score - 0.6 * (perSection.get(scored.unit.section) ?? 0) - scored.unit.order * 1e-6

const isRule = (unit: Unit): boolean => unit.bullet || DIRECTIVE.test(unit.text) || IMPERATIVE.test(unit.text)

const relevanceOf = (unit: Unit, words: readonly string[]): number => {
  const own = contentStems(unit.text)
  const section = contentStems(unit.section)
  return words.reduce(
    (sum, word) => sum + Math.max(bestAffinity(word, own), 0.6 * bestAffinity(word, section)),
    0,
  )
}

const formOf = (unit: Unit, wantsRules: boolean): number => {
  let score = 0
  if (unit.bullet) score += 0.8
  if (unit.leads) score += 0.5
  if (wantsRules && DIRECTIVE.test(unit.text)) score += 0.8
  if (wantsRules && IMPERATIVE.test(unit.text)) score += 0.8
  if (unit.text.length < 15 || /:$/.test(unit.text)) score -= 1.5
  return score
}

const shorten = (text: string): string => {
  if (text.length <= LINE) return text
  const cut = text.slice(0, LINE)
  return `${cut.slice(0, Math.max(cut.lastIndexOf(' '), LINE / 2)).replace(/[,;:.]$/, '')} …`
}

const unitsOf = (document: string): Unit[] => {
  const units: Unit[] = []
  let section = ''
  let open: { text: string; bullet: boolean } | undefined
  const close = (): void => {
    if (open === undefined) return
    const text = plainText(open.text)
    const sentences = open.bullet ? [text] : text.split(/(?<=[.!?])\s+(?=[\p{Lu}`"'])/u)
    sentences.forEach((sentence, index) => {
      if (/[\p{L}\p{N}]/u.test(sentence))
        units.push({
          text: sentence,
          bullet: open?.bullet === true,
          section,
          order: units.length,
          leads: index === 0,
        })
    })
    open = undefined
  }
  for (const line of withoutFrame(document).split('\n')) {
    const heading = /^#{1,6}\s+(.*?)\s*#*$/.exec(line)
    const bullet = /^\s*(?:[-*+•]|\d+[.)])\s+(.*)$/.exec(line)
    if (heading !== null) {
      close()
      section = heading[1] ?? ''
    } else if (line.trim() === '' || /^\s*(?:[-=*_]{3,}|\|.*\||<[^>]+>|!?\[[^\]]*\]\([^)]*\))\s*$/.test(line))
      close()
    else if (bullet !== null) {
      close()
      open = { text: bullet[1] ?? '', bullet: true }
    } else if (open === undefined) open = { text: line.trim(), bullet: false }
    else open.text += ` ${line.trim()}`
  }
  close()
  return units
}

/** Without front matter, comments, code blocks, and the line numbers that some tools put in front. */
const withoutFrame = (document: string): string => {
  const lines = document.replace(/\r\n?/g, '\n').split('\n')
  const numbered = lines.filter((line) => line !== '').every((line) => /^\s*\d+\s*[|:→\t]/.test(line))
  return (
    numbered ? lines.map((line) => line.replace(/^\s*\d+\s*[|:→\t]\s?/, '')).join('\n') : lines.join('\n')
  )
    .replace(/^---\n[\s\S]*?\n---\n/, '')
    .replace(/<!--[\s\S]*?-->/g, '')
    .replace(/^\s*(```|~~~)[\s\S]*?^\s*\1.*$/gm, '')
}

const plainText = (markdown: string): string =>
  markdown
    .replace(/!\[[^\]]*\]\([^)]*\)/g, '')
    .replace(/\[([^\]]+)\]\([^)]*\)/g, '$1')
    .replace(/(\*\*|__)(.+?)\1/g, '$2')
    .replace(/^\[[ x]\]\s+/, '')
    .trim()
