// Vector stores over HTTP, by the official client.
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { sqlite } from '@antiphon/store/sqlite'
import type OpenAI from 'openai'
import { describe, expect, it, onTestFinished } from 'vitest'
import { POLL, serving, textFile } from './serving.ts'
import { wordsEmbedder } from './words-embedder.ts'

const KEYS = { a: 'key-of-a-1234567890', b: 'key-of-b-1234567890' }

const upload = async (openai: OpenAI, name: string, text: string): Promise<string> =>
  (await openai.files.create({ file: await textFile(name, text), purpose: 'assistants' })).id

describe('vector stores', () => {
  it('are made, listed, changed and deleted', async () => {
    const { openai } = await serving()
    const ids: string[] = []
    for (let n = 0; n < 5; n++)
      ids.push((await openai.vectorStores.create({ name: `store ${n}`, metadata: { n: String(n) } })).id)
    const all: string[] = []
    for await (const { id } of openai.vectorStores.list({ limit: 2 })) all.push(id)
    expect([...all].sort()).toEqual([...ids].sort())
    const [id = ''] = ids
    expect(await openai.vectorStores.retrieve(id)).toMatchObject({
      id,
      object: 'vector_store',
      name: 'store 0',
      metadata: { n: '0' },
      status: 'completed',
      usage_bytes: 0,
      file_counts: { in_progress: 0, completed: 0, failed: 0, cancelled: 0, total: 0 },
    })
    const changed = await openai.vectorStores.update(id, {
      name: 'other',
      expires_after: { anchor: 'last_active_at', days: 2 },
    })
    expect(changed).toMatchObject({ name: 'other', metadata: { n: '0' }, expires_after: { days: 2 } })
    expect(changed.expires_at).toBe((changed.last_active_at ?? 0) + 2 * 86_400)
    expect(await openai.vectorStores.delete(id)).toEqual({
      id,
      object: 'vector_store.deleted',
      deleted: true,
    })
    await expect(openai.vectorStores.retrieve(id)).rejects.toMatchObject({ status: 404 })
    await expect(openai.vectorStores.delete(id)).rejects.toMatchObject({ status: 404 })
  })

  it('take files, find them by words and attributes, and give them back', async () => {
    const { openai } = await serving()
    const { id: store } = await openai.vectorStores.create({})
    const cats = await openai.vectorStores.files.uploadAndPoll(
      store,
      await textFile('cats.md', '# Cats\n\nA cat purrs when it is content.'),
      POLL,
    )
    expect(cats).toMatchObject({ status: 'completed', last_error: null, vector_store_id: store })
    expect(cats.usage_bytes).toBeGreaterThan(30)
    const dogs = await openai.vectorStores.files.createAndPoll(
      store,
      {
        file_id: await upload(openai, 'dogs.txt', 'A dog barks when it is content.'),
        attributes: { kind: 'dog', year: 2024 },
        chunking_strategy: {
          type: 'static',
          static: { max_chunk_size_tokens: 100, chunk_overlap_tokens: 20 },
        },
      },
      POLL,
    )
    expect(dogs).toMatchObject({
      attributes: { kind: 'dog', year: 2024 },
      chunking_strategy: { type: 'static', static: { max_chunk_size_tokens: 100, chunk_overlap_tokens: 20 } },
    })
    const search = async (body: OpenAI.VectorStores.VectorStoreSearchParams) =>
      (await openai.vectorStores.search(store, body)).data
    const [first] = await search({ query: 'Who purrs?' })
    expect(first).toMatchObject({ file_id: cats.id, filename: 'cats.md', attributes: {} })
    expect(first?.content[0]?.text).toContain('purrs')
    expect(first?.score).toBeGreaterThan(0)
    const filtered = await search({ query: 'content', filters: { type: 'gte', key: 'year', value: 2024 } })
    expect(filtered.map(({ filename }) => filename)).toEqual(['dogs.txt'])
    await openai.vectorStores.files.update(dogs.id, { vector_store_id: store, attributes: { year: 2000 } })
    expect(await search({ query: 'content', filters: { type: 'gte', key: 'year', value: 2024 } })).toEqual([])
    const { data: content } = await openai.vectorStores.files.content(dogs.id, { vector_store_id: store })
    expect(content).toEqual([{ type: 'text', text: 'A dog barks when it is content.' }])
    const files = await openai.vectorStores.files.list(store, { filter: 'completed', order: 'asc' })
    expect(files.data.map(({ id }) => id)).toEqual([cats.id, dogs.id])
    expect((await openai.vectorStores.files.list(store, { filter: 'failed' })).data).toEqual([])
    await openai.vectorStores.files.delete(cats.id, { vector_store_id: store })
    expect(await search({ query: 'purrs' })).toEqual([])
    expect((await openai.vectorStores.retrieve(store)).file_counts).toMatchObject({ completed: 1, total: 1 })
    // The file itself is still there.
    expect((await openai.files.retrieve(cats.id)).filename).toBe('cats.md')
  })

  it('are searched by meaning, too, when there is an embedder', async () => {
    const embedder = wordsEmbedder()
    const { openai } = await serving({ embedder })
    const { id: store } = await openai.vectorStores.create({})
    for (const word of ['apple', 'river', 'stone'])
      await openai.vectorStores.files.uploadAndPoll(
        store,
        await textFile(`${word}.txt`, `One ${word}.`),
        POLL,
      )
    const { data } = await openai.vectorStores.search(store, {
      query: ['river', 'a river'],
      max_num_results: 1,
    })
    expect(data.map(({ filename }) => filename)).toEqual(['river.txt'])
    expect(embedder.texts).toBe(5)
  })

  it('keep to one embedding model: another one is refused, and words are searched', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'antiphon-stores-'))
    onTestFinished(() => rmSync(folder, { recursive: true }))
    const path = join(folder, 'server.db')
    const first = await serving({ embedder: wordsEmbedder() }, { store: path })
    const { id: store } = await first.openai.vectorStores.create({})
    await first.openai.vectorStores.files.uploadAndPoll(store, await textFile('a.txt', 'One apple.'), POLL)
    await first.close()
    const other = { ...wordsEmbedder(), model: 'other' }
    const { openai } = await serving({ embedder: other }, { store: path })
    const refused = await openai.vectorStores.files.uploadAndPoll(store, await textFile('b.txt', 'b'), POLL)
    expect(refused).toMatchObject({ status: 'failed', last_error: { code: 'server_error' } })
    expect((await openai.vectorStores.search(store, { query: 'apple' })).data).toHaveLength(1)
  })

  it('take files that come in batches, and count them', async () => {
    const { openai } = await serving()
    const { id: store } = await openai.vectorStores.create({})
    const batch = await openai.vectorStores.fileBatches.uploadAndPoll(
      store,
      {
        files: await Promise.all(
          ['a', 'b', 'c'].map((name) => textFile(`${name}.txt`, `The letter ${name}.`)),
        ),
      },
      POLL,
    )
    expect(batch).toMatchObject({
      object: 'vector_store.files_batch',
      status: 'completed',
      file_counts: { completed: 3, total: 3, in_progress: 0 },
    })
    const listed = await openai.vectorStores.fileBatches.listFiles(batch.id, { vector_store_id: store })
    expect(listed.data).toHaveLength(3)
    const mixed = await openai.vectorStores.fileBatches.createAndPoll(
      store,
      {
        files: [
          { file_id: await upload(openai, 'good.txt', 'good words'), attributes: { good: true } },
          { file_id: await upload(openai, 'bad.png', '\x89PNG\r\n\x1a\n\0\0\0') },
        ],
      },
      POLL,
    )
    expect(mixed).toMatchObject({ status: 'completed', file_counts: { completed: 1, failed: 1, total: 2 } })
    await expect(
      openai.vectorStores.fileBatches.retrieve(mixed.id, { vector_store_id: 'vs_other' }),
    ).rejects.toMatchObject({ status: 404 })
  })

  it('say why a file could not be read, and go on with the others', async () => {
    const { openai } = await serving({ parse: { maxBytes: 1_000 } })
    const { id: store } = await openai.vectorStores.create({})
    const cases: [name: string, text: string, code: string][] = [
      ['large.txt', 'word '.repeat(1_000), 'invalid_file'],
      ['empty.txt', '', 'invalid_file'],
      ['broken.pdf', '%PDF-1.7\nnothing', 'invalid_file'],
      ['image.png', '\x89PNG\r\n\x1a\n\0\0\0\0', 'unsupported_file'],
    ]
    for (const [name, text, code] of cases) {
      const file = await openai.vectorStores.files.createAndPoll(
        store,
        { file_id: await upload(openai, name, text) },
        POLL,
      )
      expect(file, name).toMatchObject({ status: 'failed', last_error: { code } })
      expect(file.last_error?.message, name).toBeTruthy()
    }
    const fine = await openai.vectorStores.files.uploadAndPoll(
      store,
      await textFile('fine.txt', 'fine'),
      POLL,
    )
    expect(fine.status).toBe('completed')
    expect((await openai.vectorStores.retrieve(store)).file_counts).toMatchObject({ failed: 4, completed: 1 })
  })

  it('try again when the embedder fails, and give up in the end', async () => {
    const embedder = wordsEmbedder()
    embedder.fail = 1
    const { openai } = await serving({ embedder })
    const { id: store } = await openai.vectorStores.create({})
    const file = await openai.vectorStores.files.uploadAndPoll(store, await textFile('x.txt', 'word'), POLL)
    expect(file.status).toBe('completed')
  }, 20_000)

  it('forget files that were deleted', async () => {
    const { openai } = await serving()
    const { id: store } = await openai.vectorStores.create({})
    const { id } = await openai.vectorStores.files.uploadAndPoll(
      store,
      await textFile('x.txt', 'rare word'),
      POLL,
    )
    await openai.files.delete(id)
    expect((await openai.vectorStores.search(store, { query: 'rare' })).data).toEqual([])
    expect((await openai.vectorStores.retrieve(store)).file_counts.total).toBe(0)
  })

  it('are not there for another tenant, by no way', async () => {
    const { as } = await serving({}, { keys: KEYS })
    const [a, b] = [as(KEYS.a), as(KEYS.b)]
    const { id: store } = await a.vectorStores.create({ name: 'mine' })
    const { id: own } = await b.vectorStores.create({})
    const { id: file } = await a.vectorStores.files.uploadAndPoll(
      store,
      await textFile('x.txt', 'secret'),
      POLL,
    )
    const batch = await a.vectorStores.fileBatches.create(store, { file_ids: [file] })
    const inStore = { vector_store_id: store }
    const asks: Record<string, () => Promise<unknown>> = {
      retrieve: () => b.vectorStores.retrieve(store),
      update: () => b.vectorStores.update(store, { name: 'x' }),
      delete: () => b.vectorStores.delete(store),
      search: () => b.vectorStores.search(store, { query: 'secret' }),
      files: () => b.vectorStores.files.list(store),
      file: () => b.vectorStores.files.retrieve(file, inStore),
      content: () => b.vectorStores.files.content(file, inStore),
      'update file': () => b.vectorStores.files.update(file, { ...inStore, attributes: {} }),
      'delete file': () => b.vectorStores.files.delete(file, inStore),
      attach: () => b.vectorStores.files.create(store, { file_id: file }),
      'attach to own': () => b.vectorStores.files.create(own, { file_id: file }),
      batch: () => b.vectorStores.fileBatches.retrieve(batch.id, inStore),
      cancel: () => b.vectorStores.fileBatches.cancel(batch.id, inStore),
      'batch of own': () => b.vectorStores.fileBatches.create(own, { file_ids: [file] }),
    }
    for (const [name, ask] of Object.entries(asks))
      await expect(ask(), name).rejects.toMatchObject({ status: 404 })
    expect((await b.vectorStores.list()).data.map(({ id }) => id)).toEqual([own])
    await expect(b.vectorStores.list({ after: store })).rejects.toMatchObject({ status: 400 })
    expect((await b.vectorStores.search(own, { query: 'secret' })).data).toEqual([])
    expect((await a.vectorStores.retrieve(store)).name).toBe('mine')
  })

  it('refuse what cannot be, naming the field', async () => {
    const { openai, url } = await serving({ maxStores: 2, maxFilesPerStore: 1 })
    const { id: store } = await openai.vectorStores.create({})
    const file = await upload(openai, 'x.txt', 'x')
    const many = Object.fromEntries(Array.from({ length: 17 }, (_, n) => [`k${n}`, 'v']))
    let deep: object = { type: 'eq', key: 'a', value: 1 }
    for (let n = 0; n < 30; n++) deep = { type: 'and', filters: [deep] }
    const cases: [path: string, body: unknown, param: string | null][] = [
      ['', { name: 5 }, 'name'],
      ['', { colour: 'red' }, 'colour'],
      ['', { name: 'a\0b' }, 'name'],
      [`/${store}/files`, { file_id: 'a\0b' }, 'file_id'],
      [`/${store}/files`, { file_id: file, attributes: { a: '\ud800' } }, 'attributes.a'],
      ['', { metadata: many }, 'metadata'],
      ['', { expires_after: { anchor: 'created_at', days: 1 } }, 'expires_after.anchor'],
      ['', { expires_after: { anchor: 'last_active_at', days: 400 } }, 'expires_after.days'],
      [`/${store}/files`, {}, 'file_id'],
      [`/${store}/files`, { file_id: file, attributes: many }, 'attributes'],
      [`/${store}/files`, { file_id: file, attributes: { a: 'x'.repeat(513) } }, 'attributes.a'],
      [`/${store}/files`, { file_id: file, attributes: { a: [1] } }, 'attributes.a'],
      [
        `/${store}/files`,
        {
          file_id: file,
          chunking_strategy: {
            type: 'static',
            static: { max_chunk_size_tokens: 99, chunk_overlap_tokens: 0 },
          },
        },
        'chunking_strategy.static.max_chunk_size_tokens',
      ],
      [
        `/${store}/files`,
        {
          file_id: file,
          chunking_strategy: {
            type: 'static',
            static: { max_chunk_size_tokens: 100, chunk_overlap_tokens: 60 },
          },
        },
        'chunking_strategy.static',
      ],
      [`/${store}/file_batches`, {}, null],
      [`/${store}/file_batches`, { file_ids: [] }, 'file_ids'],
      [`/${store}/search`, {}, 'query'],
      [`/${store}/search`, { query: 'x', max_num_results: 51 }, 'max_num_results'],
      [`/${store}/search`, { query: 'x', rewrite_query: true }, 'rewrite_query'],
      [`/${store}/search`, { query: 'x', filters: { type: 'like', key: 'a', value: 'b' } }, 'filters.type'],
      [
        `/${store}/search`,
        { query: 'x', ranking_options: { score_threshold: 2 } },
        'ranking_options.score_threshold',
      ],
    ]
    for (const [path, body, param] of cases) {
      const answer = await fetch(`${url}/vector_stores${path}`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify(body),
      })
      const { error } = (await answer.json()) as { error: { param: string | null } }
      expect([answer.status, error?.param], `${path} ${JSON.stringify(body)}`).toEqual([400, param])
    }
    await expect(
      openai.vectorStores.search(store, { query: 'x', filters: deep as never }),
    ).rejects.toMatchObject({
      status: 400,
    })
    for (const query of [
      'limit=0',
      'limit=101',
      'limit=x',
      'order=up',
      'filter=red',
      'colour=red',
      'after=a%00b',
    ])
      expect((await fetch(`${url}/vector_stores/${store}/files?${query}`)).status, query).toBe(400)
    await openai.vectorStores.create({})
    await expect(openai.vectorStores.create({})).rejects.toMatchObject({
      status: 400,
      code: 'limit_exceeded',
    })
    await openai.vectorStores.files.create(store, { file_id: file })
    await expect(
      openai.vectorStores.files.create(store, { file_id: await upload(openai, 'y.txt', 'y') }),
    ).rejects.toMatchObject({ status: 400, code: 'limit_exceeded' })
  })

  it('can be cancelled while they are filled, and leave nothing of what was cancelled', async () => {
    const embedder = wordsEmbedder()
    let release = (): void => undefined
    const held = new Promise<void>((resolve) => {
      release = resolve
    })
    const slow = {
      ...embedder,
      embed: async (texts: readonly string[]) => {
        await held
        return embedder.embed(texts)
      },
    }
    const { openai } = await serving({ embedder: slow, readAtOnce: 1 })
    const { id: store } = await openai.vectorStores.create({})
    const ids = await Promise.all(
      ['a', 'b', 'c'].map((name) => upload(openai, `${name}.txt`, `word ${name}`)),
    )
    const batch = await openai.vectorStores.fileBatches.create(store, { file_ids: ids })
    expect(batch.status).toBe('in_progress')
    const cancelled = await openai.vectorStores.fileBatches.cancel(batch.id, { vector_store_id: store })
    expect(cancelled).toMatchObject({ status: 'cancelled', file_counts: { cancelled: 3, in_progress: 0 } })
    release()
    const again = await openai.vectorStores.files.uploadAndPoll(
      store,
      await textFile('d.txt', 'word d'),
      POLL,
    )
    expect(again.status).toBe('completed')
    const { data } = await openai.vectorStores.search(store, { query: 'word' })
    expect(data.map(({ filename }) => filename)).toEqual(['d.txt'])
  })

  it('end when nobody uses them, and are empty then', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'antiphon-stores-'))
    onTestFinished(() => rmSync(folder, { recursive: true }))
    const path = join(folder, 'server.db')
    const { openai, close } = await serving({}, { store: path })
    const { id: store } = await openai.vectorStores.create({
      expires_after: { anchor: 'last_active_at', days: 1 },
    })
    await openai.vectorStores.files.uploadAndPoll(store, await textFile('x.txt', 'word'), POLL)
    const direct = sqlite(path)
    onTestFinished(() => direct.close())
    await direct.sql.run('update antiphon_vector_stores set expires_at = 1')
    await expect(openai.vectorStores.search(store, { query: 'word' })).rejects.toMatchObject({ status: 404 })
    expect((await openai.vectorStores.retrieve(store)).status).toBe('expired')
    await close()
    const { openai: later } = await serving({}, { store: path })
    await expect.poll(async () => (await later.vectorStores.retrieve(store)).file_counts.total).toBe(0)
    expect(await direct.sql.all('select * from antiphon_chunks')).toEqual([])
  })

  it('go on being filled by the next server when one closes', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'antiphon-stores-'))
    onTestFinished(() => rmSync(folder, { recursive: true }))
    const path = join(folder, 'server.db')
    const never = {
      model: 'never',
      dimensions: 64,
      embed: (_: readonly string[], signal?: AbortSignal) =>
        new Promise<Float32Array[]>((_resolve, reject) => {
          signal?.addEventListener('abort', () => reject(signal.reason))
        }),
    }
    const first = await serving({ embedder: never }, { store: path })
    const { id: store } = await first.openai.vectorStores.create({})
    const { id } = await first.openai.vectorStores.files.upload(store, await textFile('x.txt', 'word'))
    expect((await first.openai.vectorStores.retrieve(store)).status).toBe('in_progress')
    await first.close()
    const { openai } = await serving({ embedder: wordsEmbedder() }, { store: path })
    expect((await openai.vectorStores.files.poll(store, id, POLL)).status).toBe('completed')
    expect((await openai.vectorStores.search(store, { query: 'word' })).data).toHaveLength(1)
  })
})
