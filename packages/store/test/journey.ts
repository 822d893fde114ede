// A run with all that can be cut: parallel calls that read and write, a sub-agent with calls of its own, two approvals.
import { appendFileSync, existsSync, readFileSync } from 'node:fs'
import type { InputItem, OutputItem } from '@antiphon/client'
import {
  type Agent,
  agent,
  approve,
  type LogRecord,
  type Model,
  type RunOptions,
  type RunResult,
  type RunStore,
  requestsOf,
  type Tool,
  type ToolContext,
  tool,
  validateItems,
} from 'antiphon'
import { callItem, messageItem, scripted } from 'antiphon/testing'
import { z } from 'zod'
import { type Life, mortalModel, mortalStore } from '../../core/test/mortal.ts'

/** What has happened in the world, over all processes: one line each. */
export interface Effects {
  add(line: string): void
  lines(): string[]
}

/** Effects in a file, so that they outlive whoever has them. */
export const effectsIn = (file: string): Effects => ({
  add: (line) => appendFileSync(file, `${line}\n`),
  lines: () => (existsSync(file) ? readFileSync(file, 'utf8').split('\n').slice(0, -1) : []),
})

const outputsIn = (input: unknown): ReadonlyMap<string, string> =>
  new Map(
    (input as { type?: string; call_id: string; output: string }[]).flatMap((item) =>
      item.type === 'function_call_output' ? [[item.call_id, item.output] as const] : [],
    ),
  )

/** A model whose answer follows from what it is asked alone, so that it is the same in any process. */
const modelOf = (name: string, stages: readonly (readonly OutputItem[])[], effects: Effects): Model => {
  const answer = ({ input }: { input?: unknown }) => {
    const outputs = outputsIn(input)
    const stage = stages.findIndex((items) =>
      items.some((item) => item.type === 'function_call' && !outputs.has(item.call_id)),
    )
    const items = stages[stage] ?? [
      messageItem([...outputs].map(([id, output]) => `${id}=${output}`).join('\n'), { id: `msg_${name}` }),
    ]
    effects.add(`asked ${name} ${stage === -1 ? stages.length : stage}`)
    return { items, response: { id: `resp_${name}_${stage}` } }
  }
  return scripted(Array.from({ length: 20 }, () => answer))
}

const later = (turns: number): Promise<void> =>
  turns === 0 ? Promise.resolve() : new Promise((resolve) => setImmediate(() => resolve(later(turns - 1))))

/** How one process goes on its journey. */
export interface Traveller {
  readonly life: Life
  readonly effects: Effects
  /** How long the n-th call takes, in turns of the event loop. @defaultValue longer for the later ones */
  takes?(n: number): number
}

/** The agent of the journey, in one process. */
export const journeyAgent = ({ life, effects, takes = (n) => n % 3 }: Traveller): Agent => {
  let begun = 0
  const work = async ({ callId, idempotencyKey }: ToolContext): Promise<string> => {
    const n = begun++
    await life.pass(`${callId} called`)
    await later(takes(n))
    await life.pass(`${callId} under way`)
    effects.add(`did ${callId} ${idempotencyKey}`)
    await later(takes(n + 1))
    await life.pass(`${callId} done`)
    return `${callId} is done`
  }
  const inputSchema = z.object({ what: z.string() })
  const own = (
    options: Pick<Tool, 'name'> & Partial<Pick<Tool, 'effect' | 'idempotent' | 'needsApproval'>>,
  ) =>
    tool({
      inputSchema,
      timeoutMs: Number.POSITIVE_INFINITY,
      queueTimeoutMs: Number.POSITIVE_INFINITY,
      ...options,
      execute: (_input, context) => work(context),
    })
  const item = (name: string, id: string): OutputItem => callItem(name, { what: id }, id)
  const guideStages = [
    [item('facts', 'facts_1'), item('note', 'note_1'), item('facts', 'facts_2')],
    [item('sign', 'sign_1')],
  ]
  const guide = agent({
    name: 'guide',
    model: mortalModel(modelOf('guide', guideStages, effects), life, 'guide'),
    tools: [
      own({ name: 'facts', effect: 'read' }),
      own({ name: 'note' }),
      own({ name: 'sign', needsApproval: true }),
    ],
  })
  const stages = [
    [
      item('look', 'look_1'),
      item('look', 'look_2'),
      item('book', 'book_1'),
      item('save', 'save_1'),
      callItem('guide', { input: 'Where?' }, 'guide_1'),
    ],
    [item('pay', 'pay_1'), item('look', 'look_3')],
  ]
  return agent({
    name: 'traveller',
    model: mortalModel(modelOf('traveller', stages, effects), life, 'traveller'),
    instructions: 'Travel.',
    tools: [
      own({ name: 'look', effect: 'read' }),
      own({ name: 'book' }),
      own({ name: 'save', idempotent: true }),
      own({ name: 'pay', needsApproval: true }),
      guide.asTool(),
    ],
  })
}

/** One process: runs until nothing waits any more, and approves what does. */
export const travel = async (
  store: RunStore,
  runId: string,
  traveller: Traveller,
  options: RunOptions = {},
): Promise<RunResult> => {
  const assistant = journeyAgent(traveller)
  const kept = mortalStore(store, traveller.life)
  for (;;) {
    const result = await assistant
      .run('Where shall I go?', { ...options, store: kept, runId, strictReplay: true })
      .result()
    if (result.stop.reason !== 'approval') return result
    await kept.decide(
      runId,
      result.stop.pending.map((call) => approve(call)),
    )
  }
}

const UNKNOWN = /^(?:(\w+)=)?Unknown outcome: .*$/

/** A text as it would be, had nothing been cut. `ids` takes the calls whose outcome is unknown. */
const mendText = (text: string, id: string, ids: Set<string>): string =>
  text
    .split('\n')
    .map((line) => {
      const found = UNKNOWN.exec(line)
      if (found === null) return line
      const [, named = id] = found
      ids.add(named)
      return `${line.startsWith(named) ? `${named}=` : ''}${named} is done`
    })
    .join('\n')

/** A history as it would be, had nothing been cut. */
const mendItems = (items: readonly InputItem[], ids: Set<string>): readonly InputItem[] =>
  (items as unknown as { call_id?: string; output?: string; content?: unknown }[]).map((item) => {
    const { call_id = '', output, content } = item
    if (output !== undefined) return { ...item, output: mendText(output, call_id, ids) }
    if (!Array.isArray(content)) return item
    return {
      ...item,
      content: content.map((part: { text: string }) => ({ ...part, text: mendText(part.text, '', ids) })),
    }
  }) as unknown as InputItem[]

/** What is wrong with a journey that was cut, as sentences; nothing when it survived. */
export const problemsOf = (facts: {
  readonly whole: RunResult
  readonly result: RunResult
  /** The log when the process was killed, and at the end. */
  readonly cutLog: readonly LogRecord[]
  readonly log: readonly LogRecord[]
  /** The effects when the process was killed, and at the end. */
  readonly cutEffects: readonly string[]
  readonly effects: readonly string[]
}): string[] => {
  const { whole, result, cutLog, log, cutEffects, effects } = facts
  const problems = validateItems(result.history).map(({ message }) => message)
  const unknown = new Set<string>()
  const items = mendItems(result.history, unknown)
  if (JSON.stringify(items) !== JSON.stringify(whole.history)) problems.push('the history is another one')
  if (result.stop.reason !== 'done') problems.push(`it stopped: ${result.stop.reason}`)
  if (mendText(result.text, '', unknown) !== whole.text) problems.push('the answer is another one')
  for (const [n, { seq }] of log.entries()) if (seq !== n + 1) problems.push(`record ${n + 1} has seq ${seq}`)
  const count = (lines: readonly string[], line: string): number => lines.filter((one) => one === line).length
  for (const line of new Set(effects)) {
    const [, id = ''] = line.split(' ')
    const keyOf = line.startsWith('did') ? `/tool/${id}` : `/model`
    const before = count(cutEffects, line)
    const times = count(effects, line)
    if (line.startsWith('did')) {
      const isRecorded = cutLog.some(({ key }) => key.endsWith(keyOf))
      if (isRecorded && times !== before) problems.push(`${id} was recorded, and run again`)
      const once = /^(book|note|pay|sign)/.test(id)
      if (once && times > 1) problems.push(`${id} was run ${times} times`)
      if (!once && times > 2) problems.push(`${id} was run ${times} times`)
    } else {
      const [, name, stage] = line.split(' ')
      const key = name === 'guide' ? `t0/tool/guide_1/t${stage}/model` : `t${stage}/model`
      if (cutLog.some((record) => record.key === key) && times !== before)
        problems.push(`${key} was recorded, and asked again`)
    }
  }
  for (const id of unknown) {
    // Not the log of the cut: a write on its way may arrive after that was read.
    if (!log.some(({ key }) => key.endsWith(`/tool/${id}/intent`)))
      problems.push(`${id} is unknown, and nothing was announced`)
    if (!/^(book|note|pay|sign)/.test(id)) problems.push(`${id} may run twice, and is unknown`)
  }
  for (const { key, kind } of log)
    if (kind === 'intent' && !log.some((record) => record.key === key.replace(/\/intent$/, '')))
      problems.push(`${key} has no outcome`)
  if (log.at(-1)?.kind !== 'end') problems.push('the log has no end')
  const keys = new Set<string>()
  for (const idempotent of effects.filter((line) => line.startsWith('did'))) keys.add(idempotent)
  const ids = new Set([...keys].map((line) => line.split(' ')[1]))
  if (keys.size !== ids.size) problems.push('an idempotency key has changed')
  if (requestsOf(log).length !== 6) problems.push(`the log has ${requestsOf(log).length} requests`)
  return problems
}
