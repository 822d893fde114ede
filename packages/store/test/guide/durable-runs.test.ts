// The code of docs/guide/durable-runs.md that needs a store which survives.
import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Store } from '@antiphon/store'
import { postgres } from '@antiphon/store/postgres'
import { sqlite } from '@antiphon/store/sqlite'
import { agent, parseLog } from 'antiphon'
import { scripted, text } from 'antiphon/testing'
import { expect, it, onTestFinished } from 'vitest'

const temporary = (): string => {
  const folder = mkdtempSync(join(tmpdir(), 'antiphon-guide-'))
  onTestFinished(() => rmSync(folder, { recursive: true }))
  return folder
}

it('engines are opened when they are used', async () => {
  const folder = temporary()
  const url = 'postgres://nobody:none@127.0.0.1:1/none'
  // #region engines
  const file = sqlite(`${folder}/runs.db`)
  const database = postgres(url, { maxConnections: 20 })
  // #endregion engines
  await expect(file.get('none')).resolves.toBeUndefined()
  expect(existsSync(`${folder}/runs.db`)).toBe(true)
  await Promise.all([file.close(), database.close()])
})

it('what a process left behind is found and goes on', async () => {
  const folder = temporary()
  const path = join(folder, 'runs.db')
  const gone = sqlite(path)
  const start = {
    version: 1,
    runId: 'report-1',
    agent: 'reporter',
    input: [{ role: 'user', content: 'Go.' }],
  } as const
  await gone.open('report-1', { start })
  await gone.close() // what the end of its process does, too
  const reporter = agent({ name: 'reporter', model: scripted([text('Done.')]) })
  const agents = new Map([[reporter.name, reporter]])
  const finished: string[] = []
  // #region abandoned
  await using store = sqlite(path)
  for (const { runId, agent: name } of await store.abandoned()) {
    const result = await agents.get(name)?.resume(runId, [], { store }).result()
    finished.push(`${runId}: ${result?.text}`)
  }
  // #endregion abandoned
  expect(finished).toEqual(['report-1: Done.'])
})

it('what must not be kept is taken out on the way in', async () => {
  const folder = temporary()
  // #region redact
  const store = sqlite(join(folder, 'runs.db'), {
    redact: { fields: ['password'], secrets: ['correct horse battery'] }, // and keys of the usual shapes
  })
  // #endregion redact
  const keeper = agent({ model: scripted([text('Noted.')]) })
  await keeper.run('My word is correct horse battery.', { store, runId: 'secret-1' }).result()
  // #region export
  await writeFile(join(folder, 'secret-1.jsonl'), store.exportRun('secret-1')) // a run as one file
  // #endregion export
  const lines = await contentOf(store, 'secret-1')
  expect(lines).not.toContain('horse')
  expect(parseLog(lines).records.at(-1)?.kind).toBe('end')
  // #region retain
  await store.retain({ olderThanMs: 30 * 24 * 3_600_000, keep: 1_000 }) // older than 30 days, but not the newest 1,000
  // #endregion retain
  expect(await store.list()).toHaveLength(1)
  await store.close()
})

const contentOf = async (store: Store, runId: string): Promise<string> => {
  let lines = ''
  for await (const line of store.exportRun(runId)) lines += line
  return lines
}
