import { memoryRuns } from 'antiphon'
import { expect, it } from 'vitest'
import { runConformance } from './run-conformance.ts'
import { startOf } from './sample-records.ts'

runConformance({
  name: 'memory',
  make: async () => {
    const store = memoryRuns()
    return { open: () => store, close: async () => undefined }
  },
})

it('forgets the oldest runs that are over, and none that goes on or waits', async () => {
  const store = memoryRuns({ keep: 2 })
  for (const [n, status] of (['done', 'waiting', 'failed', 'done', 'done'] as const).entries())
    await (await store.open(`r${n}`, { start: startOf(`r${n}`) })).close(status)
  await store.open('going', { start: startOf('going') })
  const known = await Promise.all(['r0', 'r1', 'r2', 'r3', 'r4', 'going'].map((id) => store.get(id)))
  expect(known.map((run) => run?.status)).toEqual([
    undefined,
    'waiting',
    undefined,
    'done',
    'done',
    'running',
  ])
})
