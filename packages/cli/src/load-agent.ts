import { statSync } from 'node:fs'
import { basename, resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import { type Agent, isAntiphonError, type Model } from 'antiphon'
import { createJiti } from 'jiti'
import { assistant } from './assistant.ts'
import { chooseModel, type ModelChoice } from './choose-model.ts'
import { CliError } from './cli-error.ts'

/** True for an argument that names an agent file. */
export const isAgentFile = (word: string): boolean => /^\S+\.[cm]?[jt]s$/.test(word)

/**
 * The agent to run, on the model that is given, or else on the one that the command line and the environment choose: what the file exports as its default, or the assistant for the current folder.
 *
 * A file exports an agent, or a function (async or not) that gets `{ model }`, chosen by the command line and the environment, and returns one.
 *
 * @throws CliError `agent_file` when the file cannot be loaded or exports something else, `usage` when `--model` or `--base-url` cannot apply.
 */
export const loadAgent = async (
  file: string | undefined,
  choice: ModelChoice,
  given?: Model,
): Promise<Agent<unknown>> => {
  if (file === undefined) return assistant(given ?? chooseModel(choice), process.cwd())
  const path = resolve(file)
  if (statSync(path, { throwIfNoEntry: false })?.isFile() !== true)
    throw new CliError('agent_file', `There is no agent file ${file} (looked for ${path}).`, {
      hint: 'A prompt that ends like a file name needs more words, or comes by standard input: echo "…" | antiphon run',
    })
  const module = await importFile(path, file)
  const found = module.default ?? undefined
  if (isAgent(found)) {
    if (given !== undefined)
      throw new CliError(
        'usage',
        `${file} exports a finished agent, so the log cannot take the place of its model.`,
        { hint: 'Export a function instead: export default ({ model }) => agent({ model, … })' },
      )
    if (choice.model !== undefined || choice.baseUrl !== undefined)
      throw new CliError(
        'usage',
        `${file} exports a finished agent, so --model and --base-url cannot change it.`,
        {
          hint: 'Export a function instead: export default ({ model }) => agent({ model, … })\nOr set ANTIPHON_MODEL, if the file uses defaultModel().',
        },
      )
    return found
  }
  if (typeof found !== 'function') throw wrongExport(file, module, found)
  const made: unknown = await callExport(
    found as (given: unknown) => unknown,
    given ?? chooseModel(choice),
    file,
  )
  if (isAgent(made)) return made
  throw new CliError(
    'agent_file',
    `The function that ${file} exports returned ${kindOf(made)}, not an agent.`,
    {
      hint: 'It should end like this: return agent({ … })',
    },
  )
}

type Module = Readonly<Record<string, unknown>>

const importFile = async (path: string, file: string): Promise<Module> => {
  try {
    const module = /\.[cm]?ts$/.test(path)
      ? await createJiti(import.meta.url, { fsCache: false, interopDefault: false }).import<Module>(path)
      : ((await import(pathToFileURL(path).href)) as Module)
    // A CommonJS file that was compiled from a module.
    const inner = module.default as Module | undefined
    return inner && typeof inner === 'object' && !isAgent(inner) && 'default' in inner ? inner : module
  } catch (error) {
    throw loadFailed(error, file)
  }
}

const callExport = async (
  make: (given: unknown) => unknown,
  model: Model,
  file: string,
): Promise<unknown> => {
  try {
    return await make({ model })
  } catch (error) {
    throw loadFailed(error, file)
  }
}

const isAgent = (value: unknown): value is Agent<unknown> => {
  const found = value as Partial<Agent> | null | undefined
  return (
    typeof found === 'object' &&
    found !== null &&
    typeof found.run === 'function' &&
    typeof found.resume === 'function' &&
    typeof found.asTool === 'function'
  )
}

const kindOf = (value: unknown): string =>
  value === undefined
    ? 'nothing'
    : value === null
      ? 'null'
      : Array.isArray(value)
        ? 'an array'
        : `a value of type ${typeof value}`

const wrongExport = (file: string, module: Module, found: unknown): CliError => {
  const agents = Object.keys(module).filter((name) => name !== 'default' && isAgent(module[name]))
  const what = found === undefined ? 'has no default export' : `has ${kindOf(found)} as its default export`
  return new CliError('agent_file', `${file} ${what}; an agent is expected.`, {
    hint:
      agents.length > 0
        ? `It exports ${agents.join(', ')}. Add: export default ${agents[0]}`
        : 'Add: export default agent({ … }), or a function that returns one.',
  })
}

const loadFailed = (error: unknown, file: string): CliError => {
  const message = error instanceof Error ? error.message : String(error)
  const code = (error as { code?: unknown } | null)?.code
  const missing = /Cannot find (?:module|package) '([^']+)'/.exec(message)?.[1]
  if ((code === 'MODULE_NOT_FOUND' || code === 'ERR_MODULE_NOT_FOUND') && missing !== undefined) {
    const isPackage = !/^(?:\.|\/|file:|[a-z]:)/i.test(missing)
    return new CliError('agent_file', `${file} imports ${missing}, which is not there.`, {
      hint: isPackage ? `Install it beside the file: npm install ${missing}` : undefined,
      cause: error,
    })
  }
  const firstLines = message.split('\n').slice(0, 3).join(' ').replace(/\s+/g, ' ').trim()
  const place = placeIn(error, basename(file))
  const what = isAntiphonError(error) ? 'sets something up wrongly' : 'failed while it was loaded'
  return new CliError('agent_file', `${file} ${what}: ${firstLines}${place}`, {
    hint: 'The whole stack: --debug',
    cause: error,
  })
}

/** ` (line 12)`, when the stack names the file. */
const placeIn = (error: unknown, name: string): string => {
  const stack = error instanceof Error ? (error.stack ?? '') : ''
  const at = stack.indexOf(`${name}:`)
  const line = at < 0 ? undefined : /^\d+/.exec(stack.slice(at + name.length + 1))?.[0]
  return line === undefined ? '' : ` (line ${line})`
}
