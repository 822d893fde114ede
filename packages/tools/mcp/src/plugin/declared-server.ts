import type { McpTool } from '@antiphon/client'
import { WireRefusal } from 'antiphon'
import type { McpTarget, McpUrl } from '../connection/server-address.ts'
import type { McpOptions, McpServerOptions, McpServerPolicy } from './mcp-options.ts'

/** A server that a run is to have, and what may be done with it. */
export interface DeclaredServer {
  readonly target: McpTarget
  /** All of them have to agree: those of the operator, and those of the request. */
  readonly policies: readonly McpServerPolicy[]
}

const refused = (param: string, message: string): WireRefusal =>
  new WireRefusal(400, `Invalid \`${param}\` of a tool of type mcp. ${message}`, {
    param,
    code: 'invalid_value',
  })

/** As the wire has them. */
const LABEL = /^[a-zA-Z][a-zA-Z0-9_-]{0,63}$/

/** True for what can be the label of a server. */
export const isLabel = (label: string): boolean => LABEL.test(label)

/**
 * The server that a declaration names: by its label one of the operator's, or by its URL any other.
 *
 * @throws WireRefusal that names the field
 */
export const declaredServer = (
  declaration: McpTool,
  { servers = {}, allowUrls = true }: Pick<McpOptions, 'servers' | 'allowUrls'>,
): DeclaredServer => {
  const { server_label: label } = declaration
  if (typeof label !== 'string' || !isLabel(label))
    throw refused('server_label', 'It must begin with a letter and hold letters, digits, _ and - only.')
  for (const field of ['connector_id', 'tunnel_id'] as const)
    if (declaration[field])
      throw refused(field, 'Only the provider that made it can use it. Give a server_url instead.')
  if (declaration.defer_loading === true)
    throw refused('defer_loading', 'Tools are always loaded here. Leave it out, or use allowed_tools.')
  const callers = declaration.allowed_callers as readonly unknown[] | null | undefined
  if (callers && !callers.includes('direct'))
    throw refused('allowed_callers', 'Tools are called directly here: it must hold `direct`.')
  const policy = policyOf(declaration)
  const own = Object.hasOwn(servers, label) ? servers[label] : undefined
  if (own === undefined) return { target: targetOf(declaration, allowUrls), policies: [policy] }
  for (const field of ['server_url', 'headers', 'authorization'] as const)
    if ((declaration[field] ?? undefined) !== undefined)
      throw refused(
        field,
        `"${label}" is a server of this operator: name it by its label alone, or choose another label.`,
      )
  return { target: { label, server: own, trusted: true }, policies: bothOf(own, policy) }
}

/** The servers of the operator, as an agent has them. */
export const ownServers = (servers: Readonly<Record<string, McpServerOptions>> = {}): DeclaredServer[] =>
  Object.entries(servers)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([label, server]) => ({ target: { label, server, trusted: true }, policies: [server] }))

const targetOf = (declaration: McpTool, allowUrls: McpOptions['allowUrls']): McpTarget => {
  const { server_label: label, server_url, authorization } = declaration
  if (!server_url) throw refused('server_url', `No server is called "${label}" here. Give its server_url.`)
  if (!URL.canParse(server_url)) throw refused('server_url', 'It is no URL.')
  const url = new URL(server_url)
  if (url.username !== '' || url.password !== '')
    throw refused('server_url', 'It has a name or password in it. Use `headers` or `authorization`.')
  if (allowUrls !== true && (allowUrls === false || allowUrls === undefined || !allowUrls(url)))
    throw refused('server_url', 'This server asks no MCP servers of that address.')
  const headers = headersOf(declaration)
  const server: McpUrl = {
    url: server_url,
    ...(headers === undefined ? {} : { headers }),
    ...(authorization ? { authorization } : {}),
  }
  return { label, server, trusted: false }
}

/** Headers that belong to the connection or to the protocol. */
const NOT_THEIRS =
  /^(?:host|connection|content-.*|transfer-encoding|te|trailer|upgrade|keep-alive|expect|accept|proxy-.*|mcp-.*|last-event-id)$/i
const MAX_HEADERS = 50
const MAX_HEADER_CHARS = 32_768

const headersOf = ({ headers, authorization }: McpTool): Readonly<Record<string, string>> | undefined => {
  if (headers === undefined || headers === null) return undefined
  const entries = Object.entries(headers)
  if (entries.length > MAX_HEADERS || JSON.stringify(headers).length > MAX_HEADER_CHARS)
    throw refused('headers', 'There are too many, or they are too long.')
  for (const [name, value] of entries) {
    if (NOT_THEIRS.test(name)) throw refused('headers', 'One of them is not for callers to set.')
    if (name.toLowerCase() === 'authorization' && authorization)
      throw refused('authorization', 'It is in `headers`, too. Give one of them.')
    // The value is not quoted.
    if (!canBeSent(name, value)) throw refused('headers', 'One of them cannot be sent over HTTP.')
  }
  return headers
}

const canBeSent = (name: string, value: string): boolean => {
  try {
    new Headers([[name, value]])
    return true
  } catch {
    return false
  }
}

const policyOf = ({ allowed_tools, require_approval, server_description }: McpTool): McpServerPolicy => ({
  ...(allowed_tools === undefined ? {} : { allowedTools: allowed_tools }),
  ...(require_approval === undefined ? {} : { requireApproval: require_approval }),
  ...(server_description === undefined ? {} : { description: server_description }),
})

/** Both policies, of which the stricter counts. What the operator says nothing of is the request's to decide, and the other way round. */
const bothOf = (own: McpServerOptions, asked: McpServerPolicy): McpServerPolicy[] => [
  { ...own, requireApproval: own.requireApproval ?? asked.requireApproval ?? 'always' },
  { ...asked, requireApproval: asked.requireApproval ?? 'never' },
]
