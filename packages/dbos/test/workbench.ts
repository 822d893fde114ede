import { appendFileSync, existsSync } from 'node:fs'
import { setTimeout as pause } from 'node:timers/promises'
import { type Agent, agent, tool } from 'antiphon'
import { type ScriptFunction, scripted } from 'antiphon/testing'
import { z } from 'zod'

/** Calls of a run, turn by turn: the input of the agents here. */
export type Turns = ReadonlyArray<ReadonlyArray<{ readonly name: string; readonly arguments: object }>>

/** The input of a run that makes these calls. */
export const inputOf = (...turns: Turns): string => JSON.stringify(turns)

/** What the tools have done: one line per begin and end, `begin slow a 4711`. */
export interface Bench {
  readonly agents: Agent<unknown>[]
}

/** Asks for what the input says, turn by turn, and ends with the outputs; keeps no state, so that it goes on in any process. */
const obey: ScriptFunction = (request) => {
  const items = request.input as ReadonlyArray<{ type?: string; content?: unknown; output?: unknown }>
  const turns = JSON.parse(String(items[0]?.content)) as Turns
  const outputs = items
    .filter(({ type }) => type === 'function_call_output')
    .map(({ output }) => String(output))
  let done = 0
  for (const calls of turns) {
    if (outputs.length === done) return { calls }
    done += calls.length
  }
  return outputs.join(' ')
}

/** Agents whose tools leave their traces in a file, which all processes share. */
export const makeBench = (folder: string): Bench => {
  const note = (text: string): void => appendFileSync(`${folder}/effects`, `${text} ${process.pid}\n`)
  const slow = tool({
    name: 'slow',
    effect: 'read',
    inputSchema: z.object({ id: z.string(), ms: z.number() }),
    execute: async ({ id, ms }, { signal }) => {
      note(`begin ${id}`)
      try {
        await pause(ms, undefined, { signal })
      } catch (error) {
        note(`aborted ${id}`)
        throw error
      }
      note(`end ${id}`)
      return id
    },
  })
  const die = tool({
    name: 'die',
    description: 'Kills its process.',
    effect: 'read',
    inputSchema: z.object({ id: z.string() }),
    execute: ({ id }) => {
      note(`begin ${id}`)
      process.kill(process.pid, 'SIGKILL')
      return id
    },
  })
  const pay = tool({
    name: 'pay',
    effect: 'write',
    needsApproval: true,
    inputSchema: z.object({ id: z.string() }),
    execute: ({ id }) => {
      note(`paid ${id}`)
      return `paid ${id}`
    },
  })
  const model = (fails?: (text: string) => boolean) =>
    scripted(
      Array.from(
        { length: 500 },
        (): ScriptFunction => (request, n) => {
          const text = JSON.stringify(request.input)
          if (fails?.(text)) throw new Error('the model is away')
          return obey(request, n)
        },
      ),
    )
  return {
    agents: [
      agent({ name: 'bench', model: model(), tools: [slow, die, pay] }),
      // Its model fails until somebody mends it.
      agent({ name: 'broken', model: model(() => !existsSync(`${folder}/mended`)), tools: [slow] }),
    ],
  }
}
