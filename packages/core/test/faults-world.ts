import type { InputItem, ResponseEvent } from '@antiphon/client'
import {
  type AgentOptions,
  agent,
  type ResponsesOptions,
  type Run,
  RunError,
  type RunEvent,
  type RunInput,
  type RunOptions,
  type RunResult,
  responses,
  tool,
  validateItems,
} from 'antiphon'
import { type FakeUpstream, type FakeUpstreamOptions, fakeUpstream } from 'antiphon/testing'
import { afterAll, afterEach, beforeAll, expect } from 'vitest'
import { z } from 'zod'

/** What a run came to, whatever way it ended. */
export interface Outcome {
  result: RunResult<unknown>
  /** Set when `result()` rejected. */
  error: RunError | undefined
  events: RunEvent[]
}

/** Longer than anything here may take; a run that reaches it hangs. */
const HANG_MS = 30_000

const warnings: string[] = []
const rejections: unknown[] = []
const open: FakeUpstream[] = []
const onWarning = (warning: Error): void => void warnings.push(`${warning.name}: ${warning.message}`)
const onRejection = (reason: unknown): void => void rejections.push(reason)

/** In every test of the file: no warning of the process, no unhandled rejection, and every server closed. */
export const watchProcess = (): void => {
  beforeAll(() => {
    process.on('warning', onWarning)
    process.on('unhandledRejection', onRejection)
  })
  afterEach(async () => {
    await Promise.all(open.splice(0).map((upstream) => upstream.close()))
    for (let n = 0; n < 3; n++) await new Promise<void>((resolve) => setImmediate(resolve))
    expect(rejections.splice(0)).toEqual([])
    expect(warnings.splice(0)).toEqual([])
  })
  afterAll(() => {
    process.off('warning', onWarning)
    process.off('unhandledRejection', onRejection)
  })
}

/** A server that is closed after the test. */
export const serve = async (options: FakeUpstreamOptions): Promise<FakeUpstream> => {
  const upstream = await fakeUpstream({ maxOpenMs: HANG_MS, ...options })
  open.push(upstream)
  return upstream
}

/** A model behind that server; nothing is sent twice unless a test asks for it. */
export const modelOf = (upstream: FakeUpstream, options: ResponsesOptions = {}) =>
  responses({ baseURL: upstream.url, apiKey: 'key', model: 'm', retries: 0, ...options })

/** Waits for `promise`, but not for ever. */
export const bounded = async <T>(promise: Promise<T>, what = 'the run', ms = HANG_MS): Promise<T> => {
  let timer: ReturnType<typeof setTimeout> | undefined
  const late = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => reject(new Error(`${what} hangs`)), ms)
  })
  try {
    return await Promise.race([promise, late])
  } finally {
    clearTimeout(timer)
  }
}

const settledOf = async (run: Run<unknown>): Promise<Omit<Outcome, 'events'>> => {
  try {
    return { result: await run.result(), error: undefined }
  } catch (error) {
    expect(error).toBeInstanceOf(RunError)
    const failed = error as RunError
    expect(typeof failed.code).toBe('string')
    expect(failed.message).not.toBe('')
    return { result: failed.result, error: failed }
  }
}

/** What holds for every run, however it went. */
export const checkOutcome = ({ result, events }: Outcome): void => {
  const problems = validateItems(result.history)
  // Calls that wait for somebody have no output yet.
  const waits = result.stop.reason === 'approval'
  expect(problems.filter(({ code }) => !(waits && code === 'missing_output'))).toEqual([])
  const named = (type: string): string[] =>
    events.flatMap((event) => (event.type === type ? [`${(event as { callId: string }).callId}`] : []))
  const queued = named('tool.queued')
  for (const id of new Set(named('tool.ended'))) {
    const times = (ids: readonly string[]): number => ids.filter((other) => other === id).length
    expect(times(named('tool.ended'))).toBeLessThanOrEqual(Math.max(1, times(queued)))
  }
  expect(events.filter((event) => event.type === 'run.ended')).toHaveLength(1)
  expect(events.at(-1)?.type).toBe('run.ended')
}

/** Follows a run to its end and checks what holds for every one. */
export const outcomeOf = async (run: Run<unknown>): Promise<Outcome> => {
  const events: RunEvent[] = []
  run.on('event', (event) => void events.push(event))
  const outcome = { ...(await bounded(settledOf(run))), events }
  checkOutcome(outcome)
  return outcome
}

/** Runs an agent against these answers. */
export const runOn = async (
  answers: FakeUpstreamOptions['answers'],
  options: Omit<AgentOptions, 'model'> = {},
  more: { run?: RunOptions; model?: ResponsesOptions; input?: RunInput } = {},
): Promise<Outcome & { upstream: FakeUpstream }> => {
  const upstream = await serve({ answers })
  const run = agent({ ...options, model: modelOf(upstream, more.model) }).run(more.input ?? 'Go', more.run)
  return { ...(await outcomeOf(run)), upstream }
}

/** An answer of these very items, whatever they are, each sealed without any pieces; `last` goes into the terminal response. */
export const sealed = (items: readonly unknown[], last: object = {}): { events: ResponseEvent[] } => {
  const id = `resp_${++answersMade}`
  const response = {
    id,
    object: 'response',
    created_at: 0,
    model: 'm',
    status: 'completed',
    output: items,
    ...last,
  }
  const events = [
    { type: 'response.created', response: { ...response, status: 'in_progress', output: [] } },
    ...items.map((item, output_index) => ({ type: 'response.output_item.done', output_index, item })),
    {
      type: response.status === 'completed' ? 'response.completed' : `response.${response.status}`,
      response,
    },
  ]
  return { events: events.map((event, sequence_number) => ({ ...event, sequence_number })) as never }
}
let answersMade = 0

/** What the calls were answered with, in order. */
export const outputsOf = (items: readonly InputItem[]): string[] =>
  items.flatMap((item) =>
    item.type === 'function_call_output' || item.type === 'custom_tool_call_output'
      ? [String(item.output)]
      : [],
  )

/** Tools that leave traces: one that only reads, one that writes. */
export const traces = () => {
  const ran: string[] = []
  const inputSchema = z.object({ city: z.string() })
  const look = tool({
    name: 'look',
    inputSchema,
    effect: 'read',
    execute: ({ city }) => {
      ran.push(`look ${city}`)
      return `saw ${city}`
    },
  })
  const book = tool({
    name: 'book',
    inputSchema,
    execute: ({ city }) => {
      ran.push(`book ${city}`)
      return `booked ${city}`
    },
  })
  return { ran, look, book, tools: [look, book] }
}
