import type { InputItem, ResponseRequest, ToolDefinition } from '@antiphon/client'
import {
  type Agent,
  type BuiltInSet,
  type BuiltInTool,
  type DeclaredBuiltIn,
  openBuiltIns,
  runsHosted,
  type Tool,
  WireRefusal,
} from 'antiphon'
import { ServeError } from '../request/serve-error.ts'
import type { AnswerContext } from '../upstream/upstream.ts'
import { reachable } from './own-tools.ts'

type Spec = Agent<unknown>['spec']

/** A built-in tool that a request declares and this server runs, with its place among the request's tools. */
export interface AskedBuiltIn extends DeclaredBuiltIn {
  readonly index: number
}

/** What a request asks of the built-in tools that are carried here: those that are run here, and what is left to the provider. */
export interface AskedTools {
  readonly local: readonly AskedBuiltIn[]
  readonly hosted: readonly ToolDefinition[]
}

/** Sorts the tools of a request: built-in ones by who runs them. Those of the client are neither. */
export const askedTools = (
  { tools }: Pick<ResponseRequest, 'tools'>,
  carried: readonly BuiltInTool[],
  capabilities: Spec['model']['capabilities'],
): AskedTools => {
  const local: AskedBuiltIn[] = []
  const hosted: ToolDefinition[] = []
  for (const [index, declaration] of (tools ?? []).entries()) {
    const { type } = declaration
    if (type === 'function' || type === 'custom') continue
    const tool = carried.find(({ types }) => types.includes(type))
    if (tool === undefined || runsHosted(tool, declaration, capabilities)) hosted.push(declaration)
    else local.push({ tool, declaration, index, ofCaller: true })
  }
  return { local, hosted }
}

/** Built-in tools that an agent, or one that it can hand over to, runs here. */
export const ownBuiltIns = (spec: Spec): readonly DeclaredBuiltIn[] => [
  ...new Set(reachable(spec).flatMap(({ builtIns }) => builtIns ?? [])),
]

/** What tools are opened for. */
interface OpenFor {
  readonly request: ResponseRequest
  readonly input: readonly InputItem[]
  readonly context: AnswerContext
  /** Names that are taken. */
  readonly taken: ReadonlyMap<string, Tool>
}

/**
 * Opens all built-in tools of an answer.
 *
 * @throws ServeError that names the field, for a declaration that a tool cannot honour, and for two functions of one name.
 */
export const openFor = async (
  declared: readonly (DeclaredBuiltIn | AskedBuiltIn)[],
  { request, input, context, taken }: OpenFor,
): Promise<BuiltInSet> => {
  const include = new Set<string>(request.include ?? [])
  const clients = (request.tools ?? []).flatMap((tool) => (tool as { name?: string }).name ?? [])
  // Which of them refused is told by the tool that did.
  const opened = declared.map((each) => ({ ...each, tool: refusingAs(each) }))
  try {
    return await openBuiltIns(
      opened,
      {
        tenant: context.tenant,
        runId: context.responseId,
        get signal() {
          return context.signal
        },
        include,
        input,
        warn: (message) => context.warn?.('middleware', message),
      },
      new Set([...taken.keys(), ...clients]),
    )
  } catch (error) {
    if ((error as { code?: unknown } | null)?.code !== 'duplicate_tool') throw error
    throw new ServeError(400, {
      message: (error as Error).message,
      type: 'invalid_request_error',
      param: 'tools',
      code: 'invalid_value',
    })
  }
}

/** A tool whose refusals name the place of its declaration. */
const refusingAs = (declared: DeclaredBuiltIn | AskedBuiltIn): BuiltInTool => {
  const { tool } = declared
  const at = 'index' in declared ? `tools[${declared.index}]` : undefined
  const { kind, name, types, itemTypes, includes, runs } = tool
  return {
    kind,
    name,
    types,
    itemTypes,
    declaration: tool.declaration,
    ...(includes === undefined ? {} : { includes }),
    ...(runs === undefined ? {} : { runs }),
    ...(tool.replay === undefined ? {} : { replay: (item: InputItem) => tool.replay?.(item) ?? [] }),
    open: async (declaration, context) => {
      try {
        return await tool.open(declaration, context)
      } catch (error) {
        throw error instanceof WireRefusal ? toServeError(error, at) : error
      }
    },
  }
}

/** A refusal of a tool as the server tells it. `at` is the place of the declaration that was refused. */
export const toServeError = ({ status, message, param, wireCode }: WireRefusal, at?: string): ServeError => {
  const where = at === undefined || param === null ? (param ?? at ?? null) : `${at}.${param}`
  const code = wireCode ?? (status === 404 ? null : 'invalid_value')
  return new ServeError(status, { message, type: 'invalid_request_error', param: where, code })
}
