/** A server that runs as a process of its own and speaks over its standard input and output. Only an operator names one, never a request. */
export interface McpCommand {
  readonly command: string
  readonly args?: readonly string[]
  /** Added to the few variables that every server gets (`PATH`, `HOME` and the like); nothing else of the environment is passed on. */
  readonly env?: Readonly<Record<string, string>>
  /** Names of variables of this process that the server gets, too. @defaultValue none */
  readonly inheritEnv?: readonly string[]
  /** @defaultValue the folder of this process */
  readonly cwd?: string
  /** Takes what the server writes to its standard error. It may hold anything that the server knows. @defaultValue it is dropped */
  readonly onStderr?: (text: string) => void
}

/** A server at an address, over streamable HTTP. */
export interface McpUrl {
  readonly url: string
  /** Sent with every request. Neither told nor kept anywhere. */
  readonly headers?: Readonly<Record<string, string>>
  /** Sent as `Authorization: Bearer …`. Neither told nor kept anywhere. */
  readonly authorization?: string
}

/** Where an MCP server is. */
export type McpServer = McpCommand | McpUrl

/** A server, and whether its address may be trusted: one that an operator named may be private and use http, one of a request may not. */
export interface McpTarget {
  readonly label: string
  readonly server: McpServer
  readonly trusted: boolean
}

/** True for a server that runs as a process. */
export const isCommand = (server: McpServer): server is McpCommand => 'command' in server
