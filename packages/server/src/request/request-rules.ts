import type { ResponseRequest } from '@antiphon/client'
import { checkChosenTool, checkMcpAddresses } from './check-tools.ts'
import { brokenRule, unsupportedValue } from './parameter-refusals.ts'

/** Tools that items of the input bring. */
const broughtTools = (input: ResponseRequest['input']): unknown[] => {
  if (!Array.isArray(input)) return []
  return input.flatMap((item: { type?: unknown; tools?: unknown }) =>
    (item.type === 'additional_tools' || item.type === 'tool_search_output') && Array.isArray(item.tools)
      ? item.tools
      : [],
  )
}

/** What the rules depend on beside the request. */
export interface RuleOptions {
  /** The upstream has tools of its own, which a choice may name: it checks choices itself. @defaultValue `false` */
  readonly bringsTools?: boolean
  /** It knows MCP servers by their labels. @defaultValue `false` */
  readonly namesMcpServers?: boolean
}

/** A choice is held against the tools that can be seen: a history may have brought others. */
const checkChoice = (request: ResponseRequest, { bringsTools = false }: RuleOptions): void => {
  const { tools, tool_choice, input } = request
  if (bringsTools) return
  if (request.previous_response_id != null || request.conversation != null) return
  // An agent brings tools of its own, under its name.
  const own = { type: 'mcp', server_label: request.model }
  checkChosenTool(tool_choice, [...(tools ?? []), ...broughtTools(input), own])
}

/**
 * Checks what parameters of one request demand of each other. Their shapes were checked before.
 *
 * @throws ServeError 400.
 */
export const checkRules = (request: ResponseRequest, options: RuleOptions = {}): void => {
  if (options.namesMcpServers !== true) checkMcpAddresses(request.tools)
  if (request.previous_response_id != null && request.conversation != null) {
    throw brokenRule(
      'previous_response_id',
      "Mutually exclusive parameters: give either 'previous_response_id' or 'conversation', not both.",
      'mutually_exclusive_parameters',
    )
  }
  if (request.stream_options != null && request.stream !== true) {
    throw brokenRule(
      'stream_options',
      "The 'stream_options' parameter is only allowed when 'stream' is enabled.",
    )
  }
  if (request.background === true && request.store === false) {
    throw unsupportedValue(
      'background',
      true,
      "A background response is fetched later, so it has to be stored: leave out 'store: false'.",
    )
  }
  if ((request.top_logprobs ?? 0) > 0 && !request.include?.includes('message.output_text.logprobs')) {
    throw brokenRule(
      'top_logprobs',
      "The 'top_logprobs' parameter needs 'message.output_text.logprobs' in 'include'.",
    )
  }
  checkChoice(request, options)
}
