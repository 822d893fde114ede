import type { ResponseRequest, ToolDefinition } from '@antiphon/client'

type Fields = Readonly<Record<string, unknown>>

const isObject = (value: unknown): value is Fields =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

/** A copy without some fields; the very object when it has none of them. Own fields named `__proto__` stay fields. */
const without = (value: Fields, names: readonly string[]): Fields =>
  names.some((name) => Object.hasOwn(value, name))
    ? Object.fromEntries(Object.entries(value).filter(([name]) => !names.includes(name)))
    : value

/** An address without user, password, query and fragment: keys are written there. */
const bareAddress = (address: unknown): unknown => {
  if (typeof address !== 'string') return address
  // Not parsed: what is not an address must not come back with a key in it, either.
  return address.replace(/[?#][\s\S]*$/, '').replace(/^([a-z][a-z0-9+.-]*:)?(\/\/)[^/]*@/i, '$1$2')
}

/** The same for secrets of a container, which are given by `network_policy`. */
const withoutDomainSecrets = (tool: Fields, holder: 'container' | 'environment'): Fields => {
  const container = tool[holder]
  if (!isObject(container) || !isObject(container.network_policy)) return tool
  const network_policy = without(container.network_policy, ['domain_secrets'])
  return network_policy === container.network_policy
    ? tool
    : { ...tool, [holder]: { ...container, network_policy } }
}

/**
 * A tool without the secrets that are given with it: `headers` and `authorization` of an MCP server, what its address has beside host and path, and secrets of a
 * container. The very object when there is none.
 */
export const toolWithoutSecrets = (tool: unknown): unknown => {
  if (!isObject(tool)) return tool
  if (tool.type === 'mcp') {
    const bare = without(tool, ['headers', 'authorization'])
    const server_url = bareAddress(bare.server_url)
    return server_url === bare.server_url ? bare : { ...bare, server_url }
  }
  if (tool.type === 'code_interpreter') return withoutDomainSecrets(tool, 'container')
  return tool.type === 'shell' ? withoutDomainSecrets(tool, 'environment') : tool
}

const listWithoutSecrets = (tools: readonly unknown[]): readonly unknown[] => {
  const bare = tools.map(toolWithoutSecrets)
  return bare.some((tool, index) => tool !== tools[index]) ? bare : tools
}

/** An item that brings tools, without their secrets. Any other item, and one without secrets, is the very object. */
export const itemWithoutSecrets = <Item>(item: Item): Item => {
  if (!isObject(item) || (item.type !== 'additional_tools' && item.type !== 'tool_search_output')) return item
  if (!Array.isArray(item.tools)) return item
  const tools = listWithoutSecrets(item.tools)
  return tools === item.tools ? item : ({ ...item, tools } as Item)
}

/** A request as it may be stored: without the secrets of its tools. Everything else is the same. */
export const withoutSecrets = (request: ResponseRequest): ResponseRequest => {
  const { tools, input } = request
  return {
    ...request,
    ...(Array.isArray(tools) ? { tools: listWithoutSecrets(tools) as ToolDefinition[] } : {}),
    ...(Array.isArray(input) ? { input: input.map(itemWithoutSecrets) } : {}),
  }
}
