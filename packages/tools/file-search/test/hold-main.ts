// A process that reads a file into a vector store and never gets done: `hold-main.ts <store file>`.
import { sqlite } from '@antiphon/store/sqlite'
import { fileSearch } from '../src/file-search.ts'

const store = sqlite(process.argv[2] ?? '')
const embedder = {
  model: 'never',
  dimensions: 64,
  embed(): Promise<Float32Array[]> {
    console.log(`embedding ${id}`)
    return new Promise(() => undefined)
  },
}
const { stores } = fileSearch({ store, embedder })
const id = await stores.create('docs')
await stores.add(id, { filename: 'song.txt', content: 'A chant is a song.' })
setInterval(() => undefined, 1_000)
