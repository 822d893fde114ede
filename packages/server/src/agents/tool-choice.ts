import type { ToolChoice } from '@antiphon/client'
import { ServeError } from '../request/serve-error.ts'
import type { OwnTools } from './own-tools.ts'

/** All that a choice may name: tools of the agent, and those of the client, by name. */
interface ChosenFrom {
  readonly label: string
  readonly own: OwnTools
  /** Names of the client's tools, and how they are declared. */
  readonly clients: ReadonlyMap<string, 'function' | 'custom'>
}

/** A choice as the agent's model gets it. */
interface Chosen {
  readonly toolChoice: ToolChoice
  /** The only names that may be called; undefined for all. */
  readonly allowed?: ReadonlySet<string>
}

interface Named {
  readonly type?: unknown
  readonly name?: unknown
  readonly server_label?: unknown
}

/**
 * What a client's `tool_choice` means to the model of the agent, for which the agent's tools are functions: `{ type: 'mcp', server_label, name }` names one of them, or all.
 *
 * @throws ServeError 400 for a tool that is not there.
 */
export const toToolChoice = (choice: ToolChoice, from: ChosenFrom): Chosen => {
  if (typeof choice === 'string')
    return choice === 'none' ? { toolChoice: choice, allowed: new Set() } : { toolChoice: choice }
  if (choice.type === 'allowed_tools') {
    const { mode, tools } = choice as { mode?: string; tools?: readonly Named[] }
    const entries = (tools ?? []).flatMap((tool, n) => entriesOf(tool, from, `tool_choice.tools[${n}]`))
    const allowed = new Set(entries.flatMap(({ name }) => (typeof name === 'string' ? [name] : [])))
    if (mode === 'none' || entries.length === 0) return { toolChoice: 'none', allowed: new Set() }
    const toolChoice = { type: 'allowed_tools', mode: mode ?? 'auto', tools: entries } as ToolChoice
    return { toolChoice, allowed }
  }
  const [first, ...more] = entriesOf(choice as Named, from, 'tool_choice')
  return {
    toolChoice: (more.length === 0
      ? first
      : { type: 'allowed_tools', mode: 'required', tools: [first, ...more] }) as ToolChoice,
  }
}

/** What one entry names, as it is declared to the model. */
const entriesOf = (entry: Named, { label, own, clients }: ChosenFrom, param: string): Named[] => {
  const { type, name, server_label } = entry
  const declared = (called: string): Named[] => {
    const type = clients.get(called) ?? own.byName.get(called)?.wire.type
    return type === undefined ? [] : [{ type, name: called }]
  }
  let found: Named[]
  if ((type === 'function' || type === 'custom') && typeof name === 'string') found = declared(name)
  else if (type === 'mcp' && server_label === label)
    found =
      typeof name === 'string'
        ? own.byName.has(name)
          ? declared(name)
          : []
        : [...own.byName.keys()].flatMap(declared)
  else if (builtInNames(own, entry) !== undefined) found = (builtInNames(own, entry) ?? []).flatMap(declared)
  else found = own.hosted.some((tool) => isHosted(tool as Named, entry)) ? [entry] : []
  if (found.length > 0) return found
  throw new ServeError(400, {
    message: `\`${param}\` names ${describe(entry)}, which is neither a tool of this request nor one of "${label}".`,
    type: 'invalid_request_error',
    param,
    code: 'invalid_value',
  })
}

/** The functions of a built-in tool that is open: all, or of an MCP server the one that is named. */
const builtInNames = (
  { builtIns = [] }: OwnTools,
  { type, name, server_label }: Named,
): string[] | undefined => {
  const named = builtIns.filter(
    ({ tool, declaration }) =>
      tool.types.includes(String(type)) &&
      (type !== 'mcp' || (declaration as Named).server_label === server_label),
  )
  if (named.length === 0) return undefined
  return named.flatMap(({ opened }) =>
    opened.tools.flatMap((tool) =>
      typeof name !== 'string' || tool.view?.approvalAs?.name === name ? tool.name : [],
    ),
  )
}

const isHosted = (tool: Named, { type, server_label }: Named): boolean =>
  tool.type === type && (type !== 'mcp' || tool.server_label === server_label)

const describe = ({ type, name, server_label }: Named): string =>
  [
    `a tool of type \`${String(type)}\``,
    ...[server_label, name].filter((part) => typeof part === 'string'),
  ].join(' ')
