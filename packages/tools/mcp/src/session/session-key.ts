import { createHash } from 'node:crypto'
import { isCommand, type McpServer, type McpTarget } from '../connection/server-address.ts'

/**
 * What makes two runs share a session: the same tenant, the same server, the same credentials.
 *
 * A hash, so that no key of a map holds a secret.
 */
export const sessionKey = ({ label, server, trusted }: McpTarget, tenant: string): string =>
  createHash('sha256')
    .update(JSON.stringify([tenant, label, trusted, ...partsOf(server)]))
    .digest('base64url')

const partsOf = (server: McpServer): unknown[] =>
  isCommand(server)
    ? ['command', server.command, server.args ?? [], sorted(server.env), server.inheritEnv ?? [], server.cwd]
    : ['url', server.url, sorted(server.headers), server.authorization]

const sorted = (record: Readonly<Record<string, string>> = {}): [string, string][] =>
  Object.entries(record)
    .map(([name, value]): [string, string] => [name, value])
    .sort(([a], [b]) => (a < b ? -1 : 1))
