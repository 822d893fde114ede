// The code of docs/guide/sessions.md.
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { sqlite } from '@antiphon/store/sqlite'
import { agent, approve, memorySession, offline, tool } from 'antiphon'
import { call, calls, scripted, text } from 'antiphon/testing'
import { expect, it, onTestFinished } from 'vitest'
import { z } from 'zod'

const temporary = (): string => {
  const folder = mkdtempSync(join(tmpdir(), 'antiphon-guide-'))
  onTestFinished(() => rmSync(folder, { recursive: true }))
  return join(folder, 'app.db')
}

const message = (content: string) => ({ type: 'message' as const, role: 'user' as const, content })

it('a chat goes on where it was', async () => {
  const path = temporary()
  const model = scripted([text('Hello, Ada.'), text('You are Ada.')])
  const assistant = agent({ model })
  // #region session
  const store = sqlite(path)
  const session = store.session('user-42')
  await assistant.run('I am Ada.', { session }).result()
  const { text: said } = await assistant.run('Who am I?', { session }).result() // sees what was said before
  // #endregion session
  expect(said).toBe('You are Ada.')
  expect(model.requests[1]?.input).toHaveLength(3)
  await store.close()
})

it('a session in memory', async () => {
  // #region memory
  const session = memorySession()
  const assistant = agent({ model: offline() })
  for (const said of ['Hello', 'What did I say?']) await assistant.run(said, { session }).result()
  // #endregion memory
  expect((await session.open('next')).items).toHaveLength(4)
})

it('one run at a time', async () => {
  const store = sqlite(temporary())
  const assistant = agent({ model: scripted([text('One.'), text('Two.')]) })
  // #region wait
  const session = store.session('user-42', { onBusy: 'wait', waitMs: 10_000 })
  const answers = await Promise.all([
    assistant.run('First.', { session }).result(),
    assistant.run('Second.', { session }).result(), // begins when the first is over, and sees it
  ])
  // #endregion wait
  expect(answers.map(({ history }) => history.length).sort()).toEqual([2, 4])
  await store.close()
})

it('a run that waits', async () => {
  const store = sqlite(temporary())
  const session = store.session('user-42')
  const pay = tool({
    name: 'pay',
    inputSchema: z.object({}),
    needsApproval: true,
    execute: () => 'paid',
  })
  const cashier = agent({ model: scripted([calls(call('pay', {})), text('Paid.')]), tools: [pay] })
  // #region approval
  const { stop, state } = await cashier.run('Pay for the lamp.', { session }).result() // lets go of the session
  if (stop.reason === 'approval' && state !== undefined)
    await cashier
      .resume(
        state,
        stop.pending.map((one) => approve(one)),
        { session },
      )
      .result() // adds all of it
  // #endregion approval
  expect(await store.sessions.read('user-42')).toHaveLength(4)
  await store.close()
})

it('sessions by their ids', async () => {
  const store = sqlite(temporary())
  const assistant = agent({ model: scripted([text('One.'), text('Two.')]) })
  for (const said of ['a', 'b']) await assistant.run(said, { session: store.session('user-42') }).result()
  // #region sessions
  const { sessions } = store
  const items = await sessions.read('user-42') // to show the chat
  const found = await sessions.get('user-42') // { turns: 2, items: 4, createdAt, … }
  await sessions.fork('user-42', 'user-42-again', { at: 1 }) // as it was after its first run
  const ids = (await sessions.list({ limit: 50 })).map(({ id }) => id)
  await sessions.delete('user-42') // what only it had is gone
  // #endregion sessions
  expect(items).toHaveLength(4)
  expect(found).toMatchObject({ turns: 2, items: 4 })
  expect(ids).toEqual(['user-42', 'user-42-again'])
  expect(await sessions.read('user-42-again')).toHaveLength(2)
  await store.close()
})

it('histories by their points', async () => {
  const store = sqlite(temporary())
  // #region history
  const question = await store.history.append(undefined, [message('A haiku, please.')]) // { line, n: 1 }
  const first = await store.history.append(question, [message('Old pond …')])
  const second = await store.history.append(question, [message('Winter solitude …')]) // branches
  const { items, before } = await store.history.readTurn(second) // that turn alone
  const whole = await store.history.read(first)
  // #endregion history
  expect([items.length, before, whole.length]).toEqual([1, 1, 2])
  await store.close()
})
