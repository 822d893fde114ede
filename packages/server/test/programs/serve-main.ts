// Serves a slow model and an agent with effects, and kills itself at a point that a request names: [store, folder, address of the model's server, options as JSON, file for its own address]
import { appendFileSync, existsSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { type ServeOptions, serve } from '@antiphon/server'
import type { ResponseStore } from '@antiphon/store'
import { agent, responses, tool } from 'antiphon'
import { call, type ScriptFunction, scripted } from 'antiphon/testing'
import { z } from 'zod'
import { storeAt } from '../../../store/test/programs/open-store.ts'

const [target = '', folder = '', upstream = '', json = '{}', name = ''] = process.argv.slice(2)

const leave = (line: string): void => appendFileSync(join(folder, 'effects'), `${line}\n`)

/** Waits for a gate where the test has put a bar before it. */
const pass = async (gate: string): Promise<void> => {
  while (existsSync(join(folder, `bar-${gate}`))) await pause(4)
}

const work = (name: string) => async (): Promise<string> => {
  leave(`begin ${name}`)
  await pass(name)
  leave(`did ${name}`)
  return `${name} is done`
}

const inputSchema = z.object({})
const script: ScriptFunction = ({ input }) => {
  const items = input as readonly { type?: string }[]
  const outputs = items.filter(({ type }) => type === 'function_call_output').length
  if (outputs === 0) return { text: 'I look first.', calls: [call('read', {}, 'call_read')] }
  if (outputs === 1) return { calls: [call('write', {}, 'call_write')] }
  return 'It was looked at and written down.'
}
const worker = agent({
  name: 'worker',
  model: scripted(
    Array.from({ length: 1_000 }, () => script),
    { record: 'none' },
  ),
  tools: [
    tool({ name: 'read', inputSchema, effect: 'read', execute: work('read') }),
    tool({ name: 'write', inputSchema, execute: work('write') }),
  ],
})

/** Counts what is written of each response, and ends the process before the step that its request names: `metadata: { die: '3' }`. */
const mortal = (store: ResponseStore): ResponseStore => {
  const dieAt = new Map<string, number>()
  const reach = (id: string): void => {
    const left = dieAt.get(id)
    if (left === undefined) return
    if (left === 0) process.kill(process.pid, 'SIGKILL')
    dieAt.set(id, left - 1)
  }
  return {
    ...store,
    async insert(row) {
      const { die } = (row.request.metadata ?? {}) as { die?: string }
      if (die !== undefined) dieAt.set(row.id, Number(die))
      return store.insert(row)
    },
    async update(tenant, id, change, when) {
      reach(id)
      return store.update(tenant, id, change, when)
    },
    async indexItems(tenant, id, items) {
      reach(id)
      return store.indexItems(tenant, id, items)
    },
    async appendFrames(tenant, id, epoch, frames) {
      reach(id)
      return store.appendFrames(tenant, id, epoch, frames)
    },
  }
}

const store = storeAt(target)
const mortals = mortal(store.responses)
const server = serve(
  {
    worker,
    slow: responses('slow', { baseURL: upstream, apiKey: 'none', retries: 0 }),
  },
  {
    store: new Proxy(store, {
      get: (whole, name) => {
        if (name === 'responses') return mortals
        const value = Reflect.get(whole, name, whole) as unknown
        return typeof value === 'function' ? value.bind(whole) : value
      },
    }),
    keeperMs: 30,
    ...(JSON.parse(json) as ServeOptions),
  },
)
const { url } = await server.listen(0)
writeFileSync(join(folder, name), url)
console.log('ready')
