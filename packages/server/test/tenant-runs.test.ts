import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { sqlite } from '@antiphon/store/sqlite'
import { agent, tool } from 'antiphon'
import { call, calls, scripted, text } from 'antiphon/testing'
import OpenAI from 'openai'
import { expect, it, onTestFinished } from 'vitest'
import { z } from 'zod'
import { tenantRuns } from '../src/responses/tenant-runs.ts'
import { serving } from './serving.ts'

it('runs of background responses are kept under their tenant, and go when the response has all of them', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'antiphon-tenant-runs-'))
  const store = sqlite(join(folder, 'server.db'))
  onTestFinished(async () => {
    await store.close()
    rmSync(folder, { recursive: true, force: true })
  })
  let finish = (): void => undefined
  const asked = new Promise<void>((resolve) => {
    finish = resolve
  })
  const wait = tool({
    name: 'wait',
    inputSchema: z.object({}),
    effect: 'read',
    execute: async () => {
      await asked
      return 'waited'
    },
  })
  const served = agent({
    name: 'worker',
    model: scripted([calls(call('wait')), text('Done.')]),
    tools: [wait],
  })
  const { url } = await serving(served, { store, keys: { acme: 'sk-acme', other: 'sk-other' } })
  const openai = new OpenAI({ baseURL: url, apiKey: 'sk-acme', maxRetries: 0 })
  const { id } = await openai.responses.create({ model: 'worker', input: 'Go.', background: true })
  await expect.poll(async () => (await store.list()).length).toBe(1)
  const [kept] = await store.list()
  expect(kept?.runId).toContain('/acme/')
  expect(kept?.runId).toContain(id)
  const runs = tenantRuns(store)
  expect(await runs.of('acme').get(id)).toMatchObject({ runId: id, agent: 'worker' })
  for (const tenant of ['other', '', 'acme/', '4/acme']) expect(await runs.of(tenant).get(id)).toBeUndefined()
  finish()
  await expect.poll(async () => (await openai.responses.retrieve(id)).status).toBe('completed')
  await expect.poll(async () => (await store.list()).length).toBe(0)
})
