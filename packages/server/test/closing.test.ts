import { mkdtempSync, rmSync } from 'node:fs'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { agent, offline, tool } from 'antiphon'
import { call, scripted, text } from 'antiphon/testing'
import { expect, it, onTestFinished } from 'vitest'
import { z } from 'zod'
import { serving } from './serving.ts'

it('a server that closes leaves background responses to the next one, with what they have done', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'antiphon-closing-'))
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
  const done: string[] = []
  let begun = (): void => undefined
  const slow = new Promise<void>((resolve) => {
    begun = resolve
  })
  const step = (name: string, isLast: boolean) =>
    tool({
      name,
      inputSchema: z.object({}),
      effect: 'read',
      execute: async () => {
        done.push(name)
        if (isLast && done.filter((one) => one === name).length === 1) {
          begun()
          await new Promise(() => undefined)
        }
        return `${name} is done`
      },
    })
  const worker = () =>
    agent({
      name: 'worker',
      model: scripted([
        { calls: [call('first', {}, 'call_1')] },
        { calls: [call('last', {}, 'call_2')] },
        text('All is done.'),
      ]),
      tools: [step('first', false), step('last', true)],
    })
  const store = join(folder, 'server.db')
  const before = await serving(worker(), { store })
  const { id } = await before.openai.responses.create({ model: 'worker', input: 'Go.', background: true })
  await slow
  await before.close()
  const after = await serving(
    agent({
      name: 'worker',
      // What it was asked before is recorded.
      model: scripted([text('All is done.')]),
      tools: [step('first', false), step('last', true)],
    }),
    { store },
  )
  await expect.poll(async () => (await after.openai.responses.retrieve(id)).status).toBe('completed')
  const response = await after.openai.responses.retrieve(id)
  expect(response.output_text).toBe('All is done.')
  expect(done).toEqual(['first', 'last', 'last'])
})

it('a server that closes does not wait for connections that ask nothing', async () => {
  const { url, close } = await serving(offline())
  const socket = connect(Number(new URL(url).port), '127.0.0.1')
  const ended = new Promise((resolve) => socket.once('close', resolve))
  await new Promise((resolve) => socket.once('connect', resolve))
  await (await fetch(`${url}/models`)).text()
  await close()
  await ended
})
