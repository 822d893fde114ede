// The code of the guide to file search.
import { mkdtempSync, rmSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Embedder, fileSearch } from '@antiphon/file-search'
import { serve } from '@antiphon/server'
import { sqlite } from '@antiphon/store/sqlite'
import { agent } from 'antiphon'
import { scripted } from 'antiphon/testing'
import OpenAI, { toFile } from 'openai'
import { describe, expect, it, onTestFinished } from 'vitest'
import { wordsEmbedder } from './words-embedder.ts'

const folder = (): string => {
  const made = mkdtempSync(join(tmpdir(), 'antiphon-guide-'))
  onTestFinished(() => rmSync(made, { recursive: true, force: true }))
  return made
}

const searchFor = (...queries: string[]) => ({ name: 'file_search', arguments: { queries } })

describe('the guide to file search', () => {
  it('an agent that searches files', async () => {
    const database = join(folder(), 'files.db')
    const path = new URL('../../../../docs/guide/approvals.md', import.meta.url)
    const model = scripted([{ calls: [searchFor('approval')] }, 'It waits for a decision [approvals.md].'])
    // #region fill
    const store = sqlite(database)
    const files = fileSearch({ store, runs: 'local' })

    const docs = await files.stores.create('docs')
    await files.stores.add(docs, {
      filename: 'approvals.md',
      content: await readFile(path),
      attributes: { kind: 'guide', year: 2026 },
    })
    const { completed, failed } = await files.stores.settled(docs)
    // #endregion fill
    expect([completed, failed]).toEqual([1, 0])
    // #region agent
    const librarian = agent({
      model,
      instructions: 'Answer from the files, and cite.',
      tools: [files.over([docs], { filters: { type: 'eq', key: 'kind', value: 'guide' } })],
    })

    const { output, annotations, toolItems } = await librarian.run('What happens without approval?').result()
    // #endregion agent
    expect(output).toContain('waits')
    expect(annotations).toMatchObject([{ type: 'file_citation', filename: 'approvals.md', index: 24 }])
    expect(toolItems).toMatchObject([{ type: 'file_search_call', queries: ['approval'] }])
    await files.close()
    await store.close()
  })

  it('a server with files and vector stores', async () => {
    const model = scripted([{ calls: [searchFor('holidays')] }, 'Thirty days [handbook.md].'])
    const embedder: Embedder = wordsEmbedder()
    // #region serve
    const server = serve(model, {
      store: 'memory', // or a SQLite file, or postgres://…
      tools: [fileSearch({ runs: 'local', embedder })],
    })
    const { url } = await server.listen(0)
    // #endregion serve
    onTestFinished(() => server.close())
    const handbook = await toFile(Buffer.from('Holidays: 30 days a year.'), 'handbook.md')
    // #region request
    const openai = new OpenAI({ baseURL: `${url}/v1`, apiKey: 'none' })

    const shelf = await openai.vectorStores.create({ name: 'handbooks' })
    await openai.vectorStores.files.uploadAndPoll(shelf.id, handbook)

    const answer = await openai.responses.create({
      model: server.models[0] ?? '',
      input: 'How many holidays do I have?',
      tools: [{ type: 'file_search', vector_store_ids: [shelf.id], max_num_results: 5 }],
      include: ['file_search_call.results'],
    })
    // #endregion request
    expect(answer.output_text).toContain('Thirty')
    expect(JSON.stringify(answer.output)).toContain('"type":"file_citation"')
    expect(JSON.stringify(answer.output)).toContain('30 days a year')
  }, 20_000)
})
