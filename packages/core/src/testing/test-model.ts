import type { FunctionToolDefinition, InputItem, ResponseRequest } from '@antiphon/client'
import { schemaValue } from './schema-value.ts'
import type { ScriptAnswer } from './script-step.ts'
import type { ScriptedModel } from './step-model.ts'
import { stepModel } from './step-model.ts'

/** What {@link testModel} lets you choose. */
export interface TestModelOptions {
  /** Names of the functions to call; others are left alone. @defaultValue every function of the request */
  tools?: readonly string[]
  /** Arguments per function, in place of generated ones; text is sent as it is, also broken JSON. */
  arguments?: Readonly<Record<string, unknown>>
  /** The final text. @defaultValue a line per function output, or JSON where the request asks for it */
  text?: string
  /** @defaultValue `'test'` */
  modelName?: string
}

const inputItems = (request: ResponseRequest): readonly InputItem[] =>
  Array.isArray(request.input) ? request.input : []

/** The functions that the request's `tool_choice` leaves. Source: Responses API, `tool_choice`. */
const offered = (request: ResponseRequest): FunctionToolDefinition[] => {
  const functions = (request.tools ?? []).filter(
    (tool): tool is FunctionToolDefinition => tool.type === 'function',
  )
  const choice = request.tool_choice ?? 'auto'
  if (choice === 'none') return []
  if (typeof choice === 'string') return functions
  if (choice.type === 'function')
    return functions.filter((tool) => tool.name === (choice as { name: string }).name)
  if (choice.type === 'allowed_tools') {
    const allowed = (choice as { tools: { name?: unknown }[] }).tools.map((tool) => tool.name)
    return functions.filter((tool) => allowed.includes(tool.name))
  }
  return functions
}

const summary = (request: ResponseRequest): string => {
  const names = new Map<unknown, string>()
  const lines: string[] = []
  for (const item of inputItems(request)) {
    if (item.type === 'function_call') names.set(item.call_id, item.name)
    if (item.type !== 'function_call_output') continue
    const output = typeof item.output === 'string' ? item.output : JSON.stringify(item.output)
    lines.push(`${names.get(item.call_id) ?? 'A tool'} answered: ${output}`)
  }
  return lines.length > 0 ? lines.join('\n') : 'No tool was called.'
}

const finalText = (request: ResponseRequest, options: TestModelOptions): string => {
  if (options.text !== undefined) return options.text
  const format = request.text?.format
  if (format?.type === 'json_schema') {
    return JSON.stringify(schemaValue((format as { schema: unknown }).schema))
  }
  return format?.type === 'json_object' ? JSON.stringify({ text: summary(request) }) : summary(request)
}

/**
 * A model that calls every function of the request once, with arguments made from its JSON Schema, and then answers.
 *
 * Deterministic. Functions that the input already shows as called are not called again. All calls come in one
 * response, or one at a time under `parallel_tool_calls: false`. `tool_choice` is obeyed, except that `required`
 * never makes it call a function twice. The final text fits `text.format`.
 * Rejects with code `schema_unsatisfiable` for parameters no value was found for.
 */
export const testModel = (options: TestModelOptions = {}): ScriptedModel => {
  // With the history kept by the server, the input does not show which functions were called.
  const issued = new Set<string>()

  const answer = (request: ResponseRequest): ScriptAnswer => {
    const called = new Set<string>(request.previous_response_id || request.conversation ? issued : [])
    for (const item of inputItems(request)) if (item.type === 'function_call') called.add(item.name)
    const wanted = offered(request).filter(
      (tool) => !called.has(tool.name) && (options.tools?.includes(tool.name) ?? true),
    )
    if (wanted.length === 0) return finalText(request, options)
    const now = request.parallel_tool_calls === false ? wanted.slice(0, 1) : wanted
    const calls = now.map(({ name, parameters }) => {
      issued.add(name)
      const given = options.arguments ?? {}
      const own = Object.hasOwn(given, name) ? given[name] : undefined
      return { name, arguments: own ?? schemaValue(parameters ?? { type: 'object' }) }
    })
    return { calls }
  }

  return stepModel(() => answer, { modelName: options.modelName ?? 'test' })
}
