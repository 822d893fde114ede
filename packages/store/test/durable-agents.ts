// Agents whose tools and models wait for gates, so that a test decides in the middle of what their process ends. Gates and effects are files: all processes share them.
import { appendFileSync, existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import type { InputItem, OutputItem } from '@antiphon/client'
import { type Agent, agent, type Model, type Tool, type ToolContext, tool } from 'antiphon'
import { callItem, messageItem, type ScriptFunction, scripted } from 'antiphon/testing'
import { z } from 'zod'
import type { Life } from '../../core/test/mortal.ts'

/** What happens around the processes of a test. */
export interface Surroundings {
  /** Lines that agents have left: `begin read_1`, `did read_1`, `aborted read_1`, `asked 1`. */
  effects(): string[]
  add(line: string): void
  /** Lets whoever waits at a gate pass. The gates: ids of calls; `answer` before the last answer; `half` in the middle of a long one. */
  open(...gates: string[]): void
  isOpen(gate: string): boolean
}

/** Everything that waits, waits at one of these. */
export const GATES = ['read_1', 'read_2', 'write_1', 'put_1', 'pay_1', 'half', 'answer'] as const

const POLL_MS = 4

export const surroundingsIn = (folder: string): Surroundings => {
  const file = join(folder, 'effects')
  return {
    effects: () => (existsSync(file) ? readFileSync(file, 'utf8').split('\n').slice(0, -1) : []),
    add: (line) => appendFileSync(file, `${line}\n`),
    open: (...gates) => {
      for (const gate of gates) writeFileSync(join(folder, `open-${gate}`), '')
    },
    isOpen: (gate) => existsSync(join(folder, `open-${gate}`)),
  }
}

/** Words of the long answer. */
export const WORDS = Array.from({ length: 600 }, (_, n) => `word${n}`)
/** Characters of the large output. */
export const LARGE_CHARS = 1_048_576

const call = (name: string, id: string): OutputItem => callItem(name, {}, id)

/** What each agent asks for, turn by turn; then it says all that came back. */
const SCRIPTS: Readonly<Record<string, readonly (readonly OutputItem[])[]>> = {
  parallel: [
    [call('read', 'read_1'), call('read', 'read_2'), call('write', 'write_1'), call('put', 'put_1')],
  ],
  approval: [[call('pay', 'pay_1'), call('read', 'read_1')]],
  stream: [[messageItem(WORDS.join(' '), { id: 'msg_long' }), call('read', 'read_1')]],
  large: [[call('large', 'large_1'), call('huge', 'huge_1')]],
}

/** The agents by their names: `parallel`, `approval`, `stream`, `large`. They are to be given the input `Go`. */
export const durableAgents = (around: Surroundings, life: Life): ReadonlyMap<string, Agent> => {
  const passes = async (gate: string, signal?: AbortSignal): Promise<void> => {
    while (!around.isOpen(gate)) {
      if (life.dead) return never()
      await pause(POLL_MS, undefined, { signal })
    }
    await life.pass(gate)
  }
  const modelOf = (name: string): Model => {
    const step: ScriptFunction = async ({ input }) => {
      const items = input as (InputItem & { call_id?: string; output?: unknown })[]
      const outputs = items.flatMap(({ call_id, output }) =>
        output === undefined ? [] : [`${call_id}: ${output}`],
      )
      const turn = SCRIPTS[name]?.findIndex((turn) => turn.some((item) => !has(items, item))) ?? -1
      if (life.dead) return never()
      around.add(`asked ${turn === -1 ? 'last' : turn}`)
      if (turn !== -1) return { items: SCRIPTS[name]?.[turn] ?? [] }
      await passes('answer')
      return {
        items: [messageItem(outputs.map((output) => output.slice(0, 80)).join('\n'), { id: 'msg_last' })],
      }
    }
    const model = scripted(
      Array.from({ length: 50 }, () => step),
      { record: 'none' },
    )
    return slowly(model, () => passes('half'))
  }
  const work = async ({ callId, signal }: ToolContext): Promise<string> => {
    await life.pass(callId)
    around.add(`begin ${callId}`)
    try {
      await passes(callId, signal)
    } catch (error) {
      around.add(`aborted ${callId}`)
      throw error
    }
    around.add(`did ${callId}`)
    return `${callId} is done`
  }
  const inputSchema = z.object({})
  const tools: Tool[] = [
    tool({ name: 'read', inputSchema, effect: 'read', execute: (_, context) => work(context) }),
    tool({ name: 'write', inputSchema, execute: (_, context) => work(context) }),
    tool({ name: 'put', inputSchema, idempotent: true, execute: (_, context) => work(context) }),
    tool({ name: 'pay', inputSchema, needsApproval: true, execute: (_, context) => work(context) }),
    tool({
      name: 'large',
      inputSchema,
      effect: 'read',
      maxOutputChars: 2 * LARGE_CHARS,
      execute: () => 'ä'.repeat(LARGE_CHARS),
    }),
    tool({ name: 'huge', inputSchema, effect: 'read', execute: () => 'x'.repeat(5 * LARGE_CHARS) }),
  ]
  return new Map(
    Object.keys(SCRIPTS).map((name) => [name, agent({ name, model: modelOf(name), tools })] as const),
  )
}

const never = (): Promise<never> => new Promise(() => undefined)

const has = (items: readonly InputItem[], wanted: OutputItem): boolean =>
  items.some((item) => JSON.stringify(item) === JSON.stringify(wanted))

/** Streams the long answer in two parts, with a gate between. */
const slowly = (model: Model, half: () => Promise<void>): Model =>
  Object.assign(
    (async (request, sink, context) => {
      let words = 0
      let rest: Parameters<typeof sink>[0][] | undefined
      await model(
        request,
        (event) => {
          if (event.type === 'response.output_text.delta' && ++words === WORDS.length / 2) rest = []
          if (rest === undefined) sink(event)
          else rest.push(event)
        },
        context,
      )
      if (rest === undefined) return
      await half()
      for (const event of rest) {
        sink(event)
        await new Promise((resolve) => setImmediate(resolve))
      }
    }) satisfies Model,
    { modelName: model.modelName },
  )
