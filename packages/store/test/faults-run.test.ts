// Runs of agents on a file that is full, damaged, or of a newer version.
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Store } from '@antiphon/store'
import { type Agent, agent, LOG_VERSION, RunError, type RunStore, tool, validateItems } from 'antiphon'
import { callItem, messageItem, scripted } from 'antiphon/testing'
import { expect, it, onTestFinished } from 'vitest'
import { z } from 'zod'
import { createStore } from '../src/create-store.ts'
import { sqliteDriver } from '../src/sqlite/driver.ts'
import { openSqlite } from '../src/sqlite/open.ts'
import { sqlitePresence } from '../src/sqlite/presence.ts'

const runId = 'r'
const TURNS = 12

/** A store, and what its connection can be told. */
const place = async () => {
  const folder = mkdtempSync(join(tmpdir(), 'antiphon-faults-'))
  const file = join(folder, 'store.db')
  const sql = await openSqlite(file)
  const store: Store = createStore(
    sql,
    sqlitePresence(file, () => sqliteDriver()),
    {},
  )
  onTestFinished(async () => {
    await store.close()
    rmSync(folder, { recursive: true })
  })
  const pages = async (): Promise<number> =>
    (await sql.all<{ page_count: number }>('pragma page_count'))[0]?.page_count ?? 0
  return { store, sql, pages }
}

/** Writes some kilobytes in each of its turns. */
const writer = (did: string[]): Agent => {
  const model = scripted(
    Array.from({ length: 50 }, () => ({ input }: { input?: unknown }) => {
      const turn = (input as { type: string }[]).filter(({ type }) => type === 'function_call_output').length
      const item =
        turn === TURNS
          ? messageItem('Written.', { id: 'msg_last' })
          : callItem('write', { turn }, `call_${turn}`)
      return { items: [item], response: { id: `resp_${turn}` } }
    }),
  )
  const write = tool({
    name: 'write',
    inputSchema: z.object({ turn: z.number() }),
    execute: ({ turn }) => {
      did.push(`call_${turn}`)
      return `${turn} `.repeat(8_000)
    },
  })
  return agent({ name: 'writer', model, tools: [write] })
}

const failureOf = async (run: { result(): Promise<unknown> }): Promise<RunError> => {
  try {
    await run.result()
  } catch (error) {
    expect(error).toBeInstanceOf(RunError)
    return error as RunError
  }
  throw new Error('The run was to fail.')
}

/** Goes on until it is over, as whoever retries what says that it can be retried. */
const goOn = async (did: string[], store: RunStore) => {
  for (;;) {
    try {
      return await writer(did).resume(runId, [], { store }).result()
    } catch (error) {
      if (!(error as RunError).retryable) throw error
    }
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
}

it('fails with a typed error when the disk is full in the middle, and goes on when there is room', async () => {
  const { store, sql, pages } = await place()
  const did: string[] = []
  await sql.all(`pragma max_page_count = ${(await pages()) + 40}`)
  const error = await failureOf(writer(did).run('Go', { store, runId }))
  expect([error.code, error.retryable]).toEqual(['store_failed', true])
  expect(error.message).toContain('disk is full')
  expect(validateItems(error.result.history)).toEqual([])
  expect(error.result.stop).toMatchObject({ reason: 'error', code: 'store_failed' })
  const before = did.length
  expect(before).toBeGreaterThan(1)
  expect(before).toBeLessThan(TURNS)
  const recorded = (await store.read(runId)).filter(({ kind }) => kind === 'tool').length
  // Still full: it fails again, and nothing is run twice.
  expect((await failureOf(writer(did).resume(runId, [], { store }))).retryable).toBe(true)
  expect(did).toEqual([...new Set(did)])
  await sql.all('pragma max_page_count = 100000')
  const result = await goOn(did, store)
  expect(result.text).toBe('Written.')
  expect(validateItems(result.history)).toEqual([])
  expect(did).toEqual([...new Set(did)])
  expect(did.length).toBeGreaterThanOrEqual(TURNS)
  const outcomes = (await store.read(runId)).flatMap(({ kind, value }) =>
    kind === 'tool' ? [(value as { outcome: string }).outcome] : [],
  )
  expect(outcomes).toHaveLength(TURNS)
  expect(outcomes.slice(0, recorded)).toEqual(Array.from({ length: recorded }, () => 'ok'))
  // At most one for each time it failed.
  expect(outcomes.filter((outcome) => outcome === 'unknown').length).toBeLessThanOrEqual(2)
})

it('refuses a log that is damaged, says where, and leaves the run as it was', async () => {
  const { store, sql } = await place()
  await writer([]).run('Go', { store, runId }).result()
  await sql.run('update antiphon_records set value = substr(value, 1, 20) where seq = 4')
  const did: string[] = []
  const error = await failureOf(writer(did).resume(runId, [], { store }))
  expect(error.code).toBe('log_damaged')
  expect(error.message).toContain('seq 4')
  expect(await store.get(runId)).toMatchObject({ status: 'done' })
  expect(did).toEqual([])
})

it('refuses a log of a newer version, and leaves the run as it was', async () => {
  const { store, sql } = await place()
  const did: string[] = []
  await writer(did).run('Go', { store, runId }).result()
  await sql.run(
    `update antiphon_records set value = replace(value, '"version":${LOG_VERSION}', '"version":99') where seq = 1`,
  )
  const error = await failureOf(writer(did).resume(runId, [], { store }))
  expect(error.code).toBe('log_version')
  expect(error.message).toContain('99')
  expect(await store.get(runId)).toMatchObject({ status: 'done' })
  expect(did).toHaveLength(TURNS)
})

it('says which run is not there', async () => {
  const { store } = await place()
  const error = await failureOf(writer([]).resume('nobody', [], { store }))
  expect(error.code).toBe('run_unknown')
  expect(error.message).toContain('"nobody"')
  expect(await store.get('nobody')).toBeUndefined()
})
