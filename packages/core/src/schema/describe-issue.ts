import { jsonType } from './json.ts'
import { pathText, type SchemaIssue } from './parse-result.ts'
import type { StandardIssue } from './schema.ts'

/** What zod adds to an issue; nothing of it is certain to be there. */
interface RichIssue extends StandardIssue {
  readonly code?: unknown
  readonly expected?: unknown
  readonly format?: unknown
  readonly minimum?: unknown
  readonly maximum?: unknown
  readonly keys?: unknown
  readonly values?: unknown
  /** zod 4: the issues of each branch of a union. */
  readonly errors?: unknown
  /** zod 3: the same, wrapped in errors. */
  readonly unionErrors?: unknown
}

const steps = (issue: StandardIssue): PropertyKey[] =>
  (issue.path ?? []).map((step) => (typeof step === 'object' ? step.key : step))

const valueAt = (value: unknown, path: readonly PropertyKey[]): unknown => {
  let at = value
  for (const step of path)
    at = typeof at === 'object' && at !== null ? (at as Record<PropertyKey, unknown>)[step] : undefined
  return at
}

/** zod/mini has no texts of its own and says "Invalid input" of everything. */
const spellOut = (issue: RichIssue, value: unknown): string => {
  switch (issue.code) {
    case 'invalid_type':
      return `Invalid input: expected ${issue.expected}, received ${jsonType(valueAt(value, steps(issue)))}`
    case 'invalid_value':
      return `Invalid input: expected ${Array.isArray(issue.values) ? issue.values.map((one) => JSON.stringify(one)).join(' or ') : 'another value'}`
    case 'invalid_format':
      return `Invalid input: expected format ${issue.format}`
    case 'too_small':
      return `Too small: expected at least ${issue.minimum}`
    case 'too_big':
      return `Too big: expected at most ${issue.maximum}`
    case 'unrecognized_keys':
      return `Unrecognized keys: ${Array.isArray(issue.keys) ? issue.keys.join(', ') : 'some'}`
    default:
      return issue.message
  }
}

const branchesOf = (issue: RichIssue): readonly (readonly RichIssue[])[] => {
  if (Array.isArray(issue.errors)) return issue.errors.filter(Array.isArray)
  if (!Array.isArray(issue.unionErrors)) return []
  return issue.unionErrors.map((error: { issues?: RichIssue[] }) => error.issues ?? [])
}

/** The branch of a union that came nearest: the fewest complaints, and among those the deepest. */
const nearest = (branches: readonly (readonly RichIssue[])[]): RichIssue | undefined => {
  const depth = (branch: readonly RichIssue[]): number => branch[0]?.path?.length ?? 0
  const [best] = branches
    .filter((branch) => branch.length > 0)
    .sort((a, b) => a.length - b.length || depth(b) - depth(a))
  return best?.[0]
}

const messageOf = (issue: RichIssue, value: unknown): string => {
  const text = issue.message === 'Invalid input' ? spellOut(issue, value) : issue.message
  const near = nearest(branchesOf(issue))
  if (!near) return text
  // zod 4 gives paths of a branch relative to the union, zod 3 from the root
  const own = steps(issue)
  const path = issue.errors === undefined ? steps(near).slice(own.length) : steps(near)
  const place = pathText(path)
  const inner = messageOf(near, valueAt(value, own))
  return `${text} (nearest: ${place === '' ? inner : `${place}: ${inner}`})`
}

/** Turns an issue of any schema library into path and message; `value` is what was parsed, `prefix` where it sat. */
export const describeIssue = (
  issue: StandardIssue,
  value: unknown,
  prefix: readonly PropertyKey[],
): SchemaIssue => ({
  path: pathText([...prefix, ...steps(issue)]),
  message: messageOf(issue, value),
})
