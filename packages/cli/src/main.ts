#!/usr/bin/env node
import { Argument, Command, CommanderError, InvalidArgumentError, Option } from 'commander'
import { TOOL_NAMES } from './built-in-tools.ts'
import type { McpCommandOptions } from './commands/mcp.ts'
import { EXIT, EXIT_HELP } from './exit-code.ts'
import {
  type CommandOptions,
  type ReplayCommandOptions,
  RUN_STATUSES,
  RUNS_ACTIONS,
  type RunsAction,
  type RunsCommandOptions,
  type ServeCommandOptions,
} from './options.ts'
import { version } from './version.ts'

const EXAMPLES = `
Examples:
  antiphon run "how many TypeScript files are here?"      the built-in assistant, which may read this folder
  antiphon run agent.ts "weather in Paris and Tokyo?"     an agent of yours
  git diff | antiphon run "write a commit message:" -     - stands for standard input
  antiphon run --json agent.ts "…" | jq                   every event as a line of JSON
  antiphon chat agent.ts                                  a conversation
  antiphon serve agent.ts --port 8080                     the agent as /v1/responses
  antiphon mcp agent.ts                                   the agent as an MCP server, for clients that start it
  antiphon replay run.jsonl                               a recorded run, as it was
  antiphon replay run.jsonl agent.ts                      does the agent still go that way? Nothing is sent or executed
  antiphon runs --store runs.db                           runs that a store keeps

An agent file (.js, .mjs, .ts) exports one as its default: agent({ … }), or a function that gets { model } and returns it.
Without COMETAPI_KEY or OPENAI_API_KEY the embedded offline model answers. ANTIPHON_MODEL names another model.

${EXIT_HELP}
`

const wholeNumber =
  (least: number) =>
  (text: string): number => {
    const value = Number(text)
    if (/^\d+$/.test(text) && value >= least && Number.isSafeInteger(value)) return value
    throw new InvalidArgumentError(`It must be a whole number of at least ${least}.`)
  }

const withApprovals = (command: Command): Command =>
  command
    .option('--max-tool-calls <n>', 'tool calls of one run at most', wholeNumber(0))
    .option('--max-turns <n>', 'model calls of one run at most', wholeNumber(1))
    .option('-y, --yes', 'approve every call that asks for it')
    .option('--no-input', 'never ask: stop where a call waits for approval')
    .option('--interactive', 'ask in lines of standard input, also where there is no terminal')

const withOutput = (command: Command, json: string): Command =>
  command
    .option('--json', json)
    .option('--no-color', 'no colours (NO_COLOR works, too)')
    .option('--debug', 'show the stack of an error')

const withOptions = (command: Command): Command => {
  command
    .option('-m, --model <name>', 'model to ask; "offline" is the embedded one')
    .option('--base-url <url>', 'endpoint to ask, such as http://127.0.0.1:8000/v1')
  return withOutput(
    withApprovals(command),
    'print every event as a line of JSON, and a last line of type "result"',
  )
}

const program = new Command('antiphon')
  .description('Runs agents for the Responses API in a terminal.')
  .version(version(), '-V, --version')
  .exitOverride()
  .showHelpAfterError('(antiphon --help shows how it is used)')
  .addHelpText('after', EXAMPLES)

withOptions(
  program
    .command('run')
    .description('answer one prompt')
    .argument('[words...]', 'agent file, if any, and the prompt; - stands for standard input'),
).action(async (words: string[], options: CommandOptions) => {
  const { runCommand } = await import('./commands/run.ts')
  await runCommand(words, options)
})

withOptions(
  program.command('chat').description('hold a conversation').argument('[file]', 'agent file'),
).action(async (file: string | undefined, options: CommandOptions) => {
  const { chatCommand } = await import('./commands/chat.ts')
  await chatCommand(file, options)
})

withOutput(
  program
    .command('serve')
    .description('a model or an agent as /v1/responses, for any client of the Responses API')
    .argument('[file]', 'agent file; without one the model itself is served')
    .option('-m, --model <name>', 'model to ask; "offline" is the embedded one')
    .option('--base-url <url>', 'endpoint to ask, such as http://127.0.0.1:8000/v1')
    .option('-p, --port <n>', 'port to listen on; 0 takes a free one', wholeNumber(0), 8080)
    .option('--host <name>', 'address to listen on; others than this machine need API keys', '127.0.0.1')
    .option('--store <target>', 'SQLite file, postgres:// address, or "memory"', '.antiphon/server.db')
    .option('--tools <names>', `built-in tools that run here: ${TOOL_NAMES.join(', ')}, or all`)
    .option('--mcp <file>', 'JSON file of MCP servers ("mcpServers") that requests may name by their labels')
    .option('--workspace <folder>', 'folder that shell and apply-patch work in')
    .option('--any-model', 'answer for any name of a model')
    .option('--lenient', 'leave out what cannot be honoured, with a warning, in the place of a refusal')
    .option(
      '--webhook <url>',
      'where to tell of finished background responses (secret: ANTIPHON_WEBHOOK_SECRET)',
    ),
  'print where it listens as a line of JSON',
)
  .addHelpText(
    'after',
    '\nAPI keys come from ANTIPHON_SERVER_KEYS, separated by commas. Without them only this machine can ask.',
  )
  .action(async (file: string | undefined, options: ServeCommandOptions) => {
    const { serveCommand } = await import('./commands/serve.ts')
    await serveCommand(file, options)
  })

withOutput(
  program
    .command('mcp')
    .description('an agent as a tool for MCP clients, over standard input and output or HTTP')
    .argument('[file]', 'agent file; without one the built-in assistant, which may read this folder')
    .option('-m, --model <name>', 'model to ask; "offline" is the embedded one')
    .option('--base-url <url>', 'endpoint to ask, such as http://127.0.0.1:8000/v1')
    .option('--http', 'over HTTP, at /mcp (token: ANTIPHON_MCP_TOKEN)')
    .option('-p, --port <n>', 'port to listen on; 0 takes a free one', wholeNumber(0), 8090)
    .option('--host <name>', 'address to listen on; others than this machine need a token', '127.0.0.1')
    .option('--max-tool-calls <n>', 'tool calls of one run at most', wholeNumber(0))
    .option('--max-turns <n>', 'model calls of one run at most', wholeNumber(1))
    .option('-y, --yes', 'approve every call that asks for it; otherwise none is'),
  'print where it listens as a line of JSON',
).action(async (file: string | undefined, options: McpCommandOptions) => {
  const { mcpCommand } = await import('./commands/mcp.ts')
  await mcpCommand(file, options)
})

withOutput(
  withApprovals(
    program
      .command('replay')
      .description('print a recorded run, or hold an agent against it')
      .argument('<log>', 'file of JSON lines')
      .argument('[file]', 'agent file: does it go the way of the log? No model is asked, no tool is run')
      .option('--run-tools', 'run the tools of the agent, in the place of their recorded results'),
  ),
  'print every record as a line of JSON, and a last line of type "result"',
).action(async (log: string, file: string | undefined, options: ReplayCommandOptions) => {
  const { replayCommand } = await import('./commands/replay.ts')
  await replayCommand(log, file, options)
})

withOutput(
  program
    .command('runs')
    .description('the runs that a store keeps')
    .addArgument(new Argument('[action]', 'what to do').choices(RUNS_ACTIONS).default('list'))
    .argument('[id]', 'id of the run to show, to export as JSON lines, or to cancel')
    .option('--store <file>', 'SQLite file of the store', 'runs.db')
    .addOption(new Option('--status <status>', 'list only runs that stand so').choices(RUN_STATUSES))
    .option('--agent <name>', 'list only runs of this agent')
    .option('--limit <n>', 'list so many runs, the newest first', wholeNumber(1), 50)
    .option('--reason <text>', 'why a run is cancelled'),
  'print every run, or every record, as a line of JSON, and a last line of type "result"',
).action(async (action: RunsAction, id: string | undefined, options: RunsCommandOptions) => {
  const { runsCommand } = await import('./commands/runs.ts')
  await runsCommand(action, id, options)
})

try {
  await program.parseAsync()
} catch (error) {
  if (!(error instanceof CommanderError)) throw error
  // Commander has said what is wrong.
  process.exitCode = error.exitCode === 0 ? EXIT.done : EXIT.usage
}
