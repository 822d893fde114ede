import { coerce } from './coerce-value.ts'
import { defaultValue } from './conform-value.ts'
import { extensionsOf } from './file-kinds.ts'
import type { JsonObject } from './json-schema.ts'
import { fieldOf, scalarText } from './json-values.ts'
import { callKey, type Plan, type PlannedCall } from './plan-calls.ts'
import type { MadeCall, Turn } from './read-conversation.ts'
import { type Outcome, pathsIn, readOutput } from './read-output.ts'
import type { Parameter, Tool } from './read-tools.ts'

interface Failed {
  readonly planned: PlannedCall
  readonly message: string
}

/** The planned calls that failed. A call that is itself a correction is not in the plan, so nothing is corrected twice. */
const failedCalls = (plan: Plan, turn: Turn): Failed[] => {
  const outputs = new Map<string, Outcome>()
  for (const call of turn.calls) outputs.set(callKey(call.name, call.args), readOutput(call.output))
  return plan.calls.flatMap((planned) => {
    const outcome = outputs.get(callKey(planned.tool.name, planned.args))
    return outcome?.kind === 'error' ? [{ planned, message: outcome.message }] : []
  })
}

/** Calls made again with what their error said: a suggestion, or the argument that an issue names. */
export const correctedCall = (plan: Plan, turn: Turn): PlannedCall[] =>
  failedCalls(plan, turn).flatMap(({ planned, message }) => {
    const args = suggested(planned, message) ?? mended(planned, message)
    return args === undefined ? [] : [{ ...planned, args }]
  })

/** `Did you mean "docs/CONTRIBUTING.md"?` replaces the argument that is most like it. */
const suggested = (planned: PlannedCall, message: string): JsonObject | undefined => {
  const suggestion = /did you mean:?\s+(?:"([^"]+)"|'([^']+)'|`([^`]+)`|“([^”]+)”|(\S+?)[?.,]?(?:\s|$))/i
    .exec(message)
    ?.slice(1)
    .find((group) => group !== undefined)
  if (suggestion === undefined) return undefined
  let best: { name: string; shared: number } | undefined
  for (const [name, value] of Object.entries(planned.args)) {
    if (typeof value !== 'string') continue
    const shared = likeness(value, suggestion)
    if (shared > (best?.shared ?? -1)) best = { name, shared }
  }
  const parameter = planned.tool.parameters.find((one) => one.name === best?.name)
  if (parameter === undefined || coerce(suggestion, parameter.shape) === undefined) return undefined
  return { ...planned.args, [parameter.name]: suggestion }
}

/** How many pairs of neighbouring characters two texts share. */
const likeness = (left: string, right: string): number => {
  const pairs = new Set(
    Array.from({ length: Math.max(0, left.length - 1) }, (_, at) => left.slice(at, at + 2).toLowerCase()),
  )
  let shared = 0
  for (let at = 0; at < right.length - 1; at++) if (pairs.has(right.slice(at, at + 2).toLowerCase())) shared++
  return shared
}

/** `count: expected number, received string`: the named argument is made anew, as the issue asks for it. */
const mended = (planned: PlannedCall, message: string): JsonObject | undefined => {
  let args: JsonObject | undefined
  for (const issue of message.matchAll(/^\s*[-*✖]?\s*([\w.[\]]+):\s+(.+)$/gm)) {
    const name = (issue[1] ?? '').split(/[.[]/)[0]
    const parameter = planned.tool.parameters.find((one) => one.name === name)
    if (parameter === undefined) continue
    const value = valueFor(parameter, fieldOf(planned.args, parameter.name), issue[2] ?? '')
    if (value !== undefined) args = { ...(args ?? planned.args), [parameter.name]: value }
  }
  return args
}

const valueFor = (parameter: Parameter, value: unknown, issue: string): unknown => {
  const wanted =
    /expected (?:one of )?['"]([^'"]+)['"]|(?:one of|expected):?\s+['"]?([\w-]+)['"]?\s*[|,]/i.exec(issue)
  if (wanted !== null) return wanted[1] ?? wanted[2]
  const bound =
    /(?:>=|<=|at least|at most|no (?:more|less) than|maximum|minimum)\s*(?:of\s*)?:?\s*(-?\d+(?:\.\d+)?)/i.exec(
      issue,
    )?.[1]
  if (bound !== undefined && typeof value === 'number') return Number(bound)
  const number = Number(scalarText(value))
  if (/expected (?:a )?(?:number|int)/i.test(issue) && Number.isFinite(number)) return number
  if (/expected (?:a )?string/i.test(issue) && value !== undefined && typeof value !== 'string')
    return scalarText(value) ?? JSON.stringify(value)
  if (/expected (?:an )?array/i.test(issue) && value !== undefined && !Array.isArray(value)) return [value]
  return /required|undefined|missing/i.test(issue) && value === undefined
    ? defaultValue(parameter.shape)
    : undefined
}

/** What tools say of a file that is not there. */
export const NOT_FOUND = /not found|no such file|enoent|does not exist|cannot find|can't find|is not a file/i

/**
 * A file that was not found where the question put it: read where a listing has it, or listed first when a tool can.
 */
export const locatedCalls = (plan: Plan, turn: Turn, tools: readonly Tool[]): PlannedCall[] =>
  failedCalls(plan, turn).flatMap(({ planned, message }) => {
    const parameter = planned.tool.parameters.find((one) => one.role === 'file')
    const wanted = parameter === undefined ? undefined : fieldOf(planned.args, parameter.name)
    if (parameter === undefined || typeof wanted !== 'string' || !NOT_FOUND.test(message)) return []
    const tried = new Set([
      wanted,
      ...turn.calls
        .filter((call) => call.name === planned.tool.name)
        .map((call) => scalarText(fieldOf(call.args, parameter.name))),
    ])
    if (tried.size > 1) return []
    const found = listedPaths(turn.calls).find((path) => path !== wanted && sameName(path, wanted))
    if (found !== undefined) return [{ ...planned, args: { ...planned.args, [parameter.name]: found } }]
    const finder = tools.find((tool) => tool.parameters.some((one) => one.role === 'glob'))
    return finder === undefined
      ? []
      : [{ tool: finder, args: findArguments(finder, wanted), clause: planned.clause }]
  })

/** All the paths that earlier calls listed, as seen from the root. */
const listedPaths = (calls: readonly MadeCall[]): string[] =>
  calls.flatMap((call) => {
    const folder = Object.values(call.args).find((value) => typeof value === 'string' && !/[*?]/.test(value))
    const base =
      typeof folder === 'string' && folder !== '.' && folder !== '' ? `${folder.replace(/\/$/, '')}/` : ''
    return pathsIn(readOutput(call.output)).map((path) =>
      base === '' || path.startsWith(base) || path.startsWith('/') ? path : base + path,
    )
  })

const baseName = (path: string): string => (path.split('/').at(-1) ?? path).toLowerCase()
const withoutExtension = (name: string): string => name.replace(/\.\w+$/, '')

const sameName = (path: string, wanted: string): boolean =>
  baseName(path) === baseName(wanted) ||
  (withoutExtension(baseName(path)) === withoutExtension(baseName(wanted)) &&
    extensionsOf(baseName(path).split('.').at(-1) ?? '')?.[0] !== 'ts')

const findArguments = (tool: Tool, wanted: string): JsonObject => {
  const glob = `**/${withoutExtension(wanted.split('/').at(-1) ?? wanted)}*`
  const args = tool.parameters
    .filter((parameter) => parameter.role === 'glob' || parameter.required)
    .map((parameter) => {
      const other = parameter.role === 'folder' ? '.' : defaultValue(parameter.shape)
      return [parameter.name, parameter.role === 'glob' ? glob : other]
    })
  return Object.fromEntries(args)
}
