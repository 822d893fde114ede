// The documents of this project as a vector store: read, searched by words, and cited by an agent. No key, no network.
import assert from 'node:assert/strict'
import { readdir, readFile } from 'node:fs/promises'
import { fileSearch } from '@antiphon/file-search'
import { agent, offline } from 'antiphon'

const guides = new URL('../docs/guide/', import.meta.url)

// #region fill
const files = fileSearch({ runs: 'local' }) // in memory; { store: sqlite('docs.db') } keeps it
const docs = await files.stores.create('docs')
for (const filename of await readdir(guides))
  await files.stores.add(docs, {
    filename,
    content: await readFile(new URL(filename, guides)),
    attributes: { kind: 'guide' },
  })
const { completed } = await files.stores.settled(docs)
// #endregion fill
assert.ok(completed > 10)

// #region search
const [best] = await files.stores.search(docs, 'retry and fallback middleware')
// #endregion search
assert.equal(best?.filename, 'middleware.md')
assert.ok(best.score > 0.5 && best.score <= 1)

// #region agent
const librarian = agent({
  model: offline(),
  instructions: 'Answer from the documents.',
  tools: [files.over([docs], { maxNumResults: 3 })],
})
const { toolItems, output } = await librarian.run('Search the files for "approval".').result()
// #endregion agent
const [searched] = toolItems // as a client of the wire sees it
assert.equal(searched?.type, 'file_search_call')
assert.match(output, /approvals\.md[\s\S]*does not run/)
console.log(
  `${completed} guides; ${best.filename} ${best.score.toFixed(2)}; ${output.split('\n').length} lines of an answer`,
)
await files.close()
