import { readFileSync } from 'node:fs'
import type { BuiltInTool } from 'antiphon'
import { CliError } from './cli-error.ts'

/** Built-in tools by the names that `--tools` takes. `shell` and `apply-patch` need `--workspace`. */
export const TOOL_NAMES = [
  'web-search',
  'file-search',
  'code-interpreter',
  'mcp',
  'shell',
  'apply-patch',
] as const

type ToolName = (typeof TOOL_NAMES)[number]

/** What `--tools` and its companions were given. */
export interface ToolChoice {
  /** Names separated by commas, or `all`. */
  readonly tools?: string
  /** File of MCP servers, as other programs have it: `{ "mcpServers": { "<label>": { "command", "args", "env" } | { "url", "headers" } } }`. */
  readonly mcp?: string
  /** Folder that `shell` and `apply-patch` work in. */
  readonly workspace?: string
}

/** Tools, and what was left out of `all`, with why. */
interface ChosenTools {
  readonly tools: readonly BuiltInTool[]
  readonly notes: readonly string[]
}

/**
 * The built-in tools that the command line asks for. Each brings its dependencies when it is asked for.
 *
 * @throws CliError `usage` for a name that is none, and for a tool that lacks what it needs.
 */
export const chooseTools = async ({ tools: named, mcp, workspace }: ToolChoice): Promise<ChosenTools> => {
  if (named === undefined) {
    if (mcp === undefined) return { tools: [], notes: [] }
    return { tools: [await make('mcp', { mcp, workspace })], notes: [] }
  }
  const isAll = named === 'all'
  const notes: string[] = []
  const names = (isAll ? TOOL_NAMES : readNames(named)).filter((name) => {
    const lack = isAll ? lackOf(name, workspace) : undefined
    if (lack !== undefined) notes.push(`Without ${name}: ${lack}`)
    return lack === undefined
  })
  return { tools: await Promise.all(names.map((name) => make(name, { mcp, workspace }))), notes }
}

const readNames = (named: string): ToolName[] =>
  named.split(',').map((name) => {
    const known = TOOL_NAMES.find((each) => each === name.trim())
    if (known !== undefined) return known
    throw new CliError('usage', `There is no built-in tool "${name.trim()}".`, {
      hint: `There are: ${TOOL_NAMES.join(', ')}, or all.`,
    })
  })

/** What a tool of `all` does without; the others do without nothing. */
const lackOf = (name: ToolName, workspace: string | undefined): string | undefined => {
  const { SEARXNG_URL, BRAVE_API_KEY, TAVILY_API_KEY } = process.env
  if (name === 'web-search' && !SEARXNG_URL && !BRAVE_API_KEY && !TAVILY_API_KEY)
    return 'set SEARXNG_URL, BRAVE_API_KEY or TAVILY_API_KEY.'
  if ((name === 'shell' || name === 'apply-patch') && workspace === undefined)
    return 'say in which folder: --workspace <folder>.'
  return undefined
}

const make = async (name: ToolName, { mcp: file, workspace }: ToolChoice): Promise<BuiltInTool> => {
  switch (name) {
    case 'web-search': {
      const { webSearch } = await import('@antiphon/web-search')
      return webSearch({ runs: 'local' })
    }
    case 'file-search': {
      const { fileSearch } = await import('@antiphon/file-search')
      return fileSearch({ runs: 'local' })
    }
    case 'code-interpreter': {
      const { codeInterpreter } = await import('@antiphon/code-interpreter')
      return codeInterpreter({ runs: 'local' })
    }
    case 'mcp': {
      const { mcp } = await import('@antiphon/mcp')
      return mcp({ runs: 'local', ...(file === undefined ? {} : { servers: readServers(file) }) })
    }
    case 'shell': {
      const { shell } = await import('@antiphon/shell')
      return shell({ root: workspaceOf(name, workspace) })
    }
    case 'apply-patch': {
      const { applyPatch } = await import('@antiphon/shell')
      return applyPatch({ root: workspaceOf(name, workspace) })
    }
  }
}

const workspaceOf = (name: ToolName, workspace: string | undefined): string => {
  if (workspace !== undefined) return workspace
  throw new CliError('usage', `The tool ${name} works in one folder, and none is given.`, {
    hint: '--workspace <folder>',
  })
}

type McpServers = NonNullable<Parameters<typeof import('@antiphon/mcp').mcp>[0]>['servers']

/** The servers of a file. Whether each of them is one is `mcp()`'s to say. */
const readServers = (file: string): McpServers => {
  let servers: unknown
  try {
    servers = (JSON.parse(readFileSync(file, 'utf8')) as { mcpServers?: unknown } | null)?.mcpServers
  } catch (cause) {
    throw new CliError('usage', `${file} cannot be read as JSON.`, { cause })
  }
  if (typeof servers !== 'object' || servers === null || Array.isArray(servers))
    throw new CliError('usage', `${file} has no object "mcpServers".`, {
      hint: '{ "mcpServers": { "files": { "command": "npx", "args": ["-y", "@modelcontextprotocol/server-filesystem", "."] } } }',
    })
  return servers as McpServers
}
