// Vector stores on Postgres, and over the death of the process that fills them.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { postgres } from '@antiphon/store/postgres'
import { sqlite } from '@antiphon/store/sqlite'
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest'
import { type PostgresServer, startPostgres } from '../../../store/test/postgres-server.ts'
import { fileSearch } from '../src/file-search.ts'
import { POLL, serving, textFile } from './serving.ts'
import { wordsEmbedder } from './words-embedder.ts'

const file = (path: string): string => fileURLToPath(new URL(path, import.meta.url))
const tsx = pathToFileURL(createRequire(file('../../../../package.json')).resolve('tsx')).href
const config = file(
  process.env.TEST_BUILT === undefined ? '../../../../tsconfig.json' : '../../../../examples/tsconfig.json',
)

const folder = (): string => {
  const made = mkdtempSync(join(tmpdir(), 'antiphon-stores-'))
  onTestFinished(() => rmSync(made, { recursive: true }))
  return made
}

describe('vector stores of a process that was killed', () => {
  it('are filled by the next one', async () => {
    const path = join(folder(), 'store.db')
    const child = spawn(process.execPath, ['--import', tsx, file('./hold-main.ts'), path], {
      env: { ...process.env, TSX_TSCONFIG_PATH: config },
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    onTestFinished(() => void child.kill('SIGKILL'))
    const [line] = (await once(createInterface(child.stdout), 'line')) as [string]
    const id = line.replace('embedding ', '')
    const store = sqlite(path)
    const tool = fileSearch({ store, embedder: wordsEmbedder() })
    onTestFinished(async () => {
      await tool.close()
      await store.close()
    })
    // As long as the other one is there, nobody takes its work.
    expect(await tool.stores.search(id, 'song')).toEqual([])
    const owners = await store.sql.all<{ owner: string }>('select owner from antiphon_vector_store_files')
    expect(await store.owners.isAlive(owners[0]?.owner ?? '')).toBe(true)
    child.kill('SIGKILL')
    await once(child, 'exit')
    expect(await tool.stores.settled(id)).toEqual({ completed: 1, failed: 0 })
    expect(await tool.stores.search(id, 'song')).toMatchObject([{ filename: 'song.txt' }])
  }, 60_000)

  it('do not kill process after process: a file is begun three times', async () => {
    const store = sqlite(join(folder(), 'store.db'))
    const errors: unknown[] = []
    const first = fileSearch({ store })
    onTestFinished(() => store.close())
    const id = await first.stores.create()
    await first.stores.add(id, { filename: 'bad.txt', content: 'word' })
    await first.stores.settled(id)
    await first.close()
    await store.sql.run(
      `update antiphon_vector_store_files set status = 'in_progress', attempts = 3, owner = 'gone'`,
    )
    const next = fileSearch({ store, onError: (error) => errors.push(error) })
    expect(await next.stores.settled(id)).toEqual({ completed: 0, failed: 1 })
    await next.close()
    expect(errors).toEqual([])
  })
})

describe('vector stores on Postgres', () => {
  let server: PostgresServer
  beforeAll(async () => {
    server = await startPostgres()
  }, 60_000)
  afterAll(() => server?.stop())

  it('do what they do on SQLite, for several servers at once', async () => {
    const target = await server.schema()
    const options = { embedder: wordsEmbedder() }
    const [one, other] = [
      await serving(options, { store: target }),
      await serving(options, { store: target }),
    ]
    const { id: store } = await one.openai.vectorStores.create({ name: 'docs', metadata: { a: 'b' } })
    const batch = await other.openai.vectorStores.fileBatches.uploadAndPoll(
      store,
      {
        files: await Promise.all(
          ['alpha', 'beta', 'gamma', 'delta'].map((word) => textFile(`${word}.txt`, `The word ${word}.`)),
        ),
      },
      POLL,
    )
    expect(batch.file_counts).toMatchObject({ completed: 4, total: 4 })
    const { data } = await one.openai.vectorStores.search(store, { query: 'gamma', max_num_results: 2 })
    expect(data[0]).toMatchObject({ filename: 'gamma.txt' })
    const id = data[0]?.file_id ?? ''
    const changed = await other.openai.vectorStores.files.update(id, {
      vector_store_id: store,
      attributes: { old: true },
    })
    expect(changed.attributes).toEqual({ old: true })
    const filtered = await one.openai.vectorStores.search(store, {
      query: 'word',
      filters: { type: 'eq', key: 'old', value: true },
    })
    expect(filtered.data.map(({ file_id }) => file_id)).toEqual([id])
    // Once more: read anew, with other attributes.
    await one.openai.vectorStores.files.createAndPoll(
      store,
      { file_id: id, attributes: { old: false } },
      POLL,
    )
    const listed: string[] = []
    for await (const { id: each } of one.openai.vectorStores.files.list(store, { limit: 3 }))
      listed.push(each)
    expect(new Set(listed).size).toBe(4)
    const state = await one.openai.vectorStores.retrieve(store)
    expect(state).toMatchObject({ status: 'completed', metadata: { a: 'b' }, file_counts: { total: 4 } })
    expect(state.usage_bytes).toBeGreaterThan(100)
    await other.openai.vectorStores.delete(store)
    await expect(one.openai.vectorStores.retrieve(store)).rejects.toMatchObject({ status: 404 })
    const direct = postgres(target)
    onTestFinished(() => direct.close())
    expect(await direct.sql.all('select id from antiphon_vector_store_files')).toEqual([])
  }, 60_000)
})
