import { Writable } from 'node:stream'
import { isAntiphonError } from 'antiphon'
import { CliError } from '../cli-error.ts'
import { EXIT } from '../exit-code.ts'
import { jsonLine } from '../json-line.ts'
import { loadAgent } from '../load-agent.ts'
import type { CommandOptions } from '../options.ts'
import { inSession, type Session } from '../session.ts'
import type { Report } from '../terminal/report.ts'

/** What `mcp` may be told. */
export interface McpCommandOptions extends CommandOptions {
  /** Over HTTP, in the place of standard input and output. */
  readonly http?: boolean
  readonly port: number
  readonly host: string
}

/** `antiphon mcp [agent file]`: the agent as a tool for MCP clients, until they leave or Ctrl-C. */
export const mcpCommand = (file: string | undefined, options: McpCommandOptions): Promise<never> =>
  inSession(options, async (session) => {
    const agent = await loadAgent(file, options)
    const served = await serve(agent, options, session)
    const { interrupt, presenter, report } = session
    const stopped = new Promise<void>((resolve) => interrupt.watch(resolve))
    if (served.url !== undefined) {
      if (options.json === true) report.write(jsonLine(listening(served.url)))
      else report.line(`${agent.name} at ${served.url}`)
    }
    presenter.note(
      served.url === undefined
        ? `${agent.name} speaks MCP over standard input and output. Ctrl-C ends it.`
        : 'Ctrl-C ends it.',
    )
    await Promise.race([stopped, served.closed])
    await served.close()
    return EXIT.done
  })

const listening = (url: string): { type: 'listening'; [field: string]: unknown } => ({
  type: 'listening',
  url,
})

type Agent = Awaited<ReturnType<typeof loadAgent>>

const serve = async (
  agent: Agent,
  options: McpCommandOptions,
  { limits, report }: Session,
): Promise<Awaited<ReturnType<typeof import('@antiphon/mcp').serveMcp>>> => {
  // Loaded when it is needed: it brings the protocol.
  const { serveMcp } = await import('@antiphon/mcp')
  const common = { run: { limits }, approve: () => options.yes === true }
  if (options.http !== true)
    return serveMcp(agent, { ...common, transport: 'stdio', output: writableOf(report) })
  const { port, host } = options
  const token = process.env.ANTIPHON_MCP_TOKEN?.trim() || undefined
  return serveMcp(agent, {
    ...common,
    transport: 'http',
    port,
    host,
    ...(token === undefined ? {} : { token }),
  }).catch((error: unknown) => {
    throw listenFailed(error, options)
  })
}

/** Standard output is kept for what the command writes: what an agent file prints there goes elsewhere. */
const writableOf = (report: Report): Writable =>
  new Writable({
    decodeStrings: false,
    write: (text: string | Buffer, _encoding, done) => {
      report.write(String(text))
      done()
    },
  })

const listenFailed = (error: unknown, { port, host }: McpCommandOptions): unknown => {
  const code = (error as NodeJS.ErrnoException | null)?.code
  if (code === 'EADDRINUSE')
    return new CliError('usage', `Port ${port} of ${host} is taken.`, {
      hint: 'Another port: --port <n>. Any free one: --port 0.',
      cause: error,
    })
  if (isAntiphonError(error) && error.code === 'invalid_config')
    return new CliError('usage', error.message, {
      hint: 'The token comes from ANTIPHON_MCP_TOKEN, at least 16 characters: openssl rand -hex 32',
      cause: error,
    })
  return error
}
