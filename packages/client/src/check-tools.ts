import { ParameterError, unexpected } from './parameter-error.ts'

interface NamedTool {
  type?: unknown
  name?: unknown
  server_label?: unknown
  tools?: unknown
}

const toolName = /^[a-zA-Z0-9_-]{1,128}$/

/**
 * Checks the function tools of a request: names of 1–128 characters `[a-zA-Z0-9_-]`, none of them twice.
 *
 * Tools inside a namespace have names of their own. Tools of any other type pass untouched.
 * Source: Responses API, `FunctionToolParam`.
 *
 * @throws ParameterError `invalid_parameter`, with the path of the tool in `param`.
 */
export function checkTools(tools: unknown, path = 'tools'): void {
  if (!Array.isArray(tools)) throw unexpected(path, 'an array of tools', tools)
  const seen = new Set<string>()
  for (let index = 0; index < tools.length; index++) {
    const tool = tools[index] as NamedTool | null
    if (tool?.type === 'namespace' && tool.tools != null) checkTools(tool.tools, `${path}[${index}].tools`)
    if (tool?.type !== 'function') continue
    const { name } = tool
    if (typeof name !== 'string' || !toolName.test(name)) {
      throw unexpected(`${path}[${index}].name`, '1 to 128 characters of a-z, A-Z, 0-9, _ and -', name)
    }
    if (seen.has(name)) {
      throw new ParameterError(
        `${path}[${index}].name`,
        `Expected the names of function tools to be unique, got \`${name}\` twice in \`${path}\`. Rename one of them.`,
      )
    }
    seen.add(name)
  }
}

/**
 * Checks that a `tool_choice` that names a tool names one of `tools`.
 *
 * Passes when tools may come from elsewhere: a prompt template, stored state, or items of the input that add tools.
 */
export function checkToolChoice(params: Readonly<Record<string, unknown>>): void {
  const choice = params.tool_choice as NamedTool
  const wanted =
    choice.type === 'allowed_tools' && Array.isArray(choice.tools) ? (choice.tools as NamedTool[]) : [choice]
  for (const reference of wanted) {
    if (reference === null || hasTool(params.tools, reference) || toolsComeFromElsewhere(params)) continue
    const name = String(reference.type === 'mcp' ? reference.server_label : reference.name)
    throw new ParameterError(
      'tool_choice',
      `Expected \`tool_choice\` to name one of \`tools\`, got \`${name}\` (type ${String(reference.type)}), which is not there.`,
    )
  }
}

function hasTool(tools: unknown, { type, name, server_label }: NamedTool): boolean {
  const key = type === 'mcp' ? server_label : name
  // Hosted tools are chosen by type alone, and their names have aliases: left to the server.
  if ((type !== 'function' && type !== 'custom' && type !== 'mcp') || typeof key !== 'string') return true
  if (!Array.isArray(tools)) return false
  return (tools as (NamedTool | null)[]).some((tool) => {
    if (tool?.type === 'namespace') return hasTool(tool.tools, { type, name, server_label })
    return tool?.type === type && (type === 'mcp' ? tool.server_label : tool.name) === key
  })
}

/** Looks through the input only when the check is about to fail. */
function toolsComeFromElsewhere(params: Readonly<Record<string, unknown>>): boolean {
  if (params.prompt != null || params.previous_response_id != null || params.conversation != null) return true
  const { input } = params
  if (!Array.isArray(input)) return false
  return (input as (NamedTool | null)[]).some(
    (item) => item?.type === 'additional_tools' || item?.type === 'tool_search_output',
  )
}
