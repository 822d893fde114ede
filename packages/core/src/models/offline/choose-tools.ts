import type { Clause } from './clauses.ts'
import { type Filled, fillArguments, type Known } from './fill-arguments.ts'
import { scalarText } from './json-values.ts'
import { entityFit } from './match-entity.ts'
import type { Role } from './parameter-role.ts'
import type { Tool } from './read-tools.ts'
import { affinity, bestAffinity } from './synonyms.ts'
import { stem } from './words.ts'

/** A tool that suits a clause, with its arguments. */
export interface Pick {
  readonly tool: Tool
  readonly filled: Filled
  readonly score: number
}

/** A tool is called when the words and the values together reach this. */
const THRESHOLD = 2

/** The tools for a clause, best first: usually one, more when the clause names several (`weather and time in Oslo`). */
export const chooseTools = (
  clause: Clause,
  tools: readonly Tool[],
  known: Known,
  earlier?: string,
): Pick[] => {
  const picks = tools
    .filter((tool) => mayBeUsed(tool, clause))
    .map((tool) => pickFor(tool, clause, tools, known))
    .sort((left, right) => right.score - left.score)
  const named = picks.some((pick) => pick.tool.nameStems.some((word) => clause.stems.includes(word)))
  if (clause.stems.length === 0 || (CONTINUES.test(clause.text) && !named)) {
    const again = picks.find((pick) => pick.tool.name === earlier && pick.filled.fit > 0)
    if (again !== undefined) return [again]
  }
  const best = picks[0]
  if (best === undefined || best.score < THRESHOLD) return []
  const chosen = [best]
  const covered = new Set([...coveredBy(best.tool, clause), ...best.tool.aboutStems])
  for (const pick of picks.slice(1)) {
    if (
      pick.score < Math.max(THRESHOLD, best.score * 0.5) ||
      pick.filled.missing.length > 0 ||
      pick.tool.handoff
    )
      continue
    const own = coveredBy(pick.tool, clause).filter(
      (word) => affinity(word, word) === 1 && pick.tool.nameStems.includes(word),
    )
    if (own.length === 0 || own.some((word) => covered.has(word))) continue
    chosen.push(pick)
    for (const word of own) covered.add(word)
  }
  return chosen
}

/** The tool that suits best whatever the score, for `tool_choice: required`; undefined only when there is no tool. */
export const bestTool = (clause: Clause, tools: readonly Tool[], known: Known): Pick | undefined =>
  tools.map((tool) => pickFor(tool, clause, tools, known)).sort((left, right) => right.score - left.score)[0]

const CONTINUES = /^\s*(?:and|or|what about|how about|also|same for|now)\b/i

const mayBeUsed = (tool: Tool, clause: Clause): boolean => {
  const verb = tool.nameStems[0] ?? ''
  if (clause.forbidden.some((word) => tool.nameStems.some((name) => affinity(word, name) >= 0.6)))
    return false
  if (/^(?:please\s+)?(?:do not|don['’]t|never)\b/i.test(clause.text)) return false
  if (!tool.effect) return true
  return clause.stems.some((word) => affinity(word, verb) >= 0.6)
}

const coveredBy = (tool: Tool, clause: Clause): string[] =>
  clause.stems.filter((word) => bestAffinity(word, tool.nameStems) >= 0.6)

const pickFor = (tool: Tool, clause: Clause, tools: readonly Tool[], known: Known): Pick => {
  const filled = fillArguments(tool, clause, known)
  let score = 0
  for (const word of clause.stems) score += wordScore(word, tool, tools)
  // A clause that is nothing but a value (`Paris?`) goes to the tool that takes such a value.
  const bare = clause.stems.length === 0 && filled.fit >= 0.6 ? 1.5 : 0
  score +=
    Math.min(filled.fit, 2.5) * 1.5 + bare + distinctive(tool, clause) - Math.min(filled.missing.length, 2)
  return { tool, filled, score }
}

/** A file, an address or a calculation that is written out asks for the tool that takes such a thing. */
const distinctive = (tool: Tool, clause: Clause): number =>
  tool.parameters.some(
    (one) =>
      one.needed &&
      DISTINCT.has(one.role) &&
      clause.entities.some((entity) => entity.kind !== 'quoted' && entityFit(one, entity) >= 0.8),
  )
    ? 0.8
    : 0

const DISTINCT: ReadonlySet<Role> = new Set(['file', 'expression', 'url', 'email', 'glob'])

const NAME = 3
const PARAMETER = 1.2
const ABOUT = 1

/** A word counts by where the tool has it, and less the more tools have it in their name. */
const wordScore = (word: string, tool: Tool, tools: readonly Tool[]): number => {
  const inName = bestAffinity(word, tool.nameStems)
  if (inName > 0) {
    const sharing = tools.filter((other) => other.nameStems.includes(word)).length
    return (NAME * inName) / Math.sqrt(Math.max(1, sharing))
  }
  const about = Math.max(
    bestAffinity(word, tool.aboutStems) * ABOUT,
    ...tool.parameters.map((one) =>
      Math.max(bestAffinity(word, one.nameStems) * PARAMETER, bestAffinity(word, one.aboutStems) * 0.5),
    ),
    ...tool.parameters.flatMap((one) =>
      (one.shape.values ?? []).map((value) =>
        stem((scalarText(value) ?? '').toLowerCase()) === word ? 2 : 0,
      ),
    ),
  )
  const sharing = tools.filter((other) => other.aboutStems.includes(word)).length
  return about / Math.sqrt(Math.max(1, sharing)) + (tool.handoff ? about : 0)
}
