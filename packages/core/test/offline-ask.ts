import type {
  FunctionCall,
  FunctionToolDefinition,
  InputItem,
  Response,
  ResponseEvent,
  ResponseRequest,
} from '@antiphon/client'
import type { ModelContext } from '../src/model.ts'
import { type OfflineOptions, offline } from '../src/models/offline/offline.ts'

export const still: ModelContext = {
  onAbort: () => {},
  get signal(): AbortSignal {
    return new AbortController().signal
  },
}

/** A function tool; every property is required unless `required` says otherwise. */
export const fn = (
  name: string,
  description: string,
  properties: Record<string, unknown> = {},
  required: string[] = Object.keys(properties),
): FunctionToolDefinition =>
  ({
    type: 'function',
    name,
    description,
    strict: false,
    parameters: { type: 'object', properties, required, additionalProperties: false },
  }) as FunctionToolDefinition

/** All events of one answer. */
export const eventsFor = async (
  request: Partial<ResponseRequest>,
  options?: OfflineOptions,
): Promise<ResponseEvent[]> => {
  const events: ResponseEvent[] = []
  await offline(options)(
    { model: 'offline', ...request } as ResponseRequest,
    (event) => events.push(event),
    still,
  )
  return events
}

export const responseFor = async (request: Partial<ResponseRequest>): Promise<Response> => {
  const last = (await eventsFor(request)).at(-1)
  return (last as unknown as { response: Response }).response
}

export const callsIn = (response: Response): Array<{ name: string; args: unknown }> =>
  response.output
    .filter((item): item is FunctionCall => item.type === 'function_call')
    .map((item) => ({ name: item.name, args: JSON.parse(item.arguments) as unknown }))

export const textIn = (response: Response): string =>
  response.output
    .flatMap((item) => (item.type === 'message' ? (item.content as Array<{ text?: string }>) : []))
    .map((part) => part.text ?? '')
    .join('')

/** The calls of the first answer to a question. */
export const callsFor = async (
  question: string,
  tools: FunctionToolDefinition[],
  more: Partial<ResponseRequest> = {},
): Promise<Array<{ name: string; args: unknown }>> =>
  callsIn(await responseFor({ input: question, tools, ...more }))

export type Handlers = Record<string, (args: never) => unknown>

/** A whole turn: answers calls until the model has none. Returns the history and the last text. */
export const converse = async (
  input: string | InputItem[],
  tools: FunctionToolDefinition[],
  handlers: Handlers,
  more: Partial<ResponseRequest> = {},
): Promise<{
  history: InputItem[]
  text: string
  calls: Array<{ name: string; args: unknown }>
  rounds: number
}> => {
  const history: InputItem[] = typeof input === 'string' ? [{ role: 'user', content: input }] : [...input]
  const calls: Array<{ name: string; args: unknown }> = []
  for (let rounds = 0; rounds < 20; rounds++) {
    const response = await responseFor({ input: history, tools, ...more })
    history.push(...(response.output as InputItem[]))
    const made = response.output.filter((item): item is FunctionCall => item.type === 'function_call')
    if (made.length === 0) return { history, text: textIn(response), calls, rounds }
    calls.push(...callsIn(response))
    for (const call of made) {
      history.push({ type: 'function_call_output', call_id: call.call_id, output: run(handlers, call) })
    }
  }
  throw new Error('The model did not stop calling.')
}

const run = (handlers: Handlers, call: FunctionCall): string => {
  try {
    const value = handlers[call.name]?.(JSON.parse(call.arguments) as never)
    return typeof value === 'string' ? value : JSON.stringify(value)
  } catch (error) {
    return `Error: ${error instanceof Error ? error.message : String(error)}`
  }
}

export const NOTE = '(offline model: rule-based, no AI)'

export const weather = fn('get_weather', 'Current weather in a city', { city: { type: 'string' } })

export const folderTools = [
  fn('list_files', 'List the files in a folder of the project', {
    path: { type: 'string', description: 'Folder, relative to the root' },
    pattern: { anyOf: [{ type: 'string', description: 'Glob such as **/*.md' }, { type: 'null' }] },
  }),
  fn('read_file', 'Read a text file', {
    path: { type: 'string', description: 'File, relative to the root' },
  }),
  fn('search_text', 'Search the text of all files', {
    query: { type: 'string', description: 'Text to search for' },
    path: { type: ['string', 'null'], description: 'Folder to search in' },
  }),
]
