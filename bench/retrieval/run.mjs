// How well and how fast chunks are found: Debian's manual pages by their one-line descriptions, on SQLite.
//   node run.mjs [--pages=1000] [--chunks=50000] [--no-vectors] [--no-speed]
import { mkdtempSync, rmSync } from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { chunksOf, createChunkIndex, localEmbeddings } from '@antiphon/file-search'
import { sqlite } from '@antiphon/store/sqlite'
import { fetchManPages, readManPages } from './man-pages.mjs'

const option = (name, fallback) =>
  process.argv.find((arg) => arg.startsWith(`--${name}=`))?.split('=')[1] ?? fallback
const has = (name) => process.argv.includes(`--${name}`)
const QUESTIONS = Number(option('pages', 1_000))
const CHUNKS = Number(option('chunks', 50_000))
const TENANT = 'bench'

const temp = mkdtempSync(join(tmpdir(), 'antiphon-retrieval-'))
process.on('exit', () => rmSync(temp, { recursive: true, force: true }))
const { from, folder } = fetchManPages(option('man', join(tmpdir(), 'antiphon-bench-man')))
const pages = readManPages(folder)
/** The same pages each time, spread over all sections. */
const asked = pages.filter(
  (_, n) => Math.floor((n * QUESTIONS) / pages.length) !== Math.floor(((n + 1) * QUESTIONS) / pages.length),
)
console.log(`${pages.length} pages of ${from.join(', ')}; ${asked.length} questions; Node ${process.version}`)

const say = (name, cells) => console.log(`| ${[name, ...cells].join(' | ')} |`)
/** Seconds that went by, and those of the processor: on a machine that others use, the second tells more. */
const stopwatch = () => {
  const at = performance.now()
  const cpu = process.cpuUsage()
  return () => {
    const { user, system } = process.cpuUsage(cpu)
    return { wall: (performance.now() - at) / 1_000, cpu: (user + system) / 1e6 }
  }
}
const rate = (n, { wall, cpu }, what) =>
  `${(n / wall).toFixed(0)} ${what}/s (${(n / cpu).toFixed(0)} per second of CPU)`
const share = (n, of) => `${((100 * n) / of).toFixed(1)} %`

/** Asks every question, and tells at which place the page is. */
const quality = async (index, store, questions, query) => {
  let first = 0
  let five = 0
  let reciprocal = 0
  for (const [n, { id, question }] of questions.entries()) {
    const found = await index.search(TENANT, [store], { text: question, limit: 50, ...query?.(n) })
    const files = [...new Set(found.map(({ fileId }) => fileId))]
    const place = files.indexOf(id)
    if (place === 0) first += 1
    if (place !== -1 && place < 5) five += 1
    if (place !== -1) reciprocal += 1 / (place + 1)
  }
  const { length } = questions
  return [share(first, length), share(five, length), (reciprocal / length).toFixed(3)]
}

const open = (name) => {
  const store = sqlite(join(temp, name))
  const index = createChunkIndex(store.sql)
  const close = () => {
    index.close()
    return store.close()
  }
  return { index, close }
}

// 1. Whole pages, words alone.
{
  const { index, close } = open('whole.db')
  const elapsed = stopwatch()
  let chunks = 0
  for (const { id, text } of pages) {
    const all = [...chunksOf(text)]
    chunks += all.length
    await index.add(TENANT, 'man', id, all, {})
  }
  const spent = elapsed()
  console.log(
    `\nwhole pages: ${chunks} chunks of 800 tokens, cut and indexed: ${rate(pages.length, spent, 'pages')}, ${rate(chunks, spent, 'chunks')}`,
  )
  say('whole pages', ['recall@1', 'recall@5', 'MRR'])
  say('words', await quality(index, 'man', asked))
  await close()
}

// 2. Beginnings of the asked pages: words, vectors, both.
const vectors = has('no-vectors') ? undefined : await local()
{
  const { index, close } = open('beginnings.db')
  const texts = asked.map(({ text }) => text.slice(0, 1_000))
  const elapsed = stopwatch()
  const embedded = vectors === undefined ? [] : await vectors.embed(texts)
  const questions = vectors === undefined ? [] : await vectors.embed(asked.map(({ question }) => question))
  if (vectors !== undefined)
    console.log(
      `\n${((1_000 * elapsed().wall) / (texts.length * 2)).toFixed(0)} ms a text embedded (${vectors.model}, ${vectors.dimensions} numbers)`,
    )
  for (const [n, { id }] of asked.entries())
    await index.add(
      TENANT,
      'man',
      id,
      [{ text: texts[n], ordinal: 0, ...(embedded[n] && { embedding: embedded[n] }) }],
      {},
    )
  say('first 1,000 characters', ['recall@1', 'recall@5', 'MRR'])
  say('words', await quality(index, 'man', asked))
  if (vectors === undefined) console.log('vectors, hybrid: SKIPPED')
  else {
    say(
      'vectors',
      await quality(index, 'man', asked, (n) => ({ embedding: questions[n], ranking: { ranker: 'none' } })),
    )
    for (const [embedding, text] of [
      [1, 1],
      [1, 2],
      [1, 4],
      [2, 1],
    ])
      say(
        `hybrid, vectors ${embedding} : words ${text}`,
        await quality(index, 'man', asked, (n) => ({
          embedding: questions[n],
          ranking: { weights: { embedding, text } },
        })),
      )
  }
  await close()
}

// 3. Speed at many chunks: real texts, vectors at random.
if (!has('no-speed')) {
  const { index, close } = open('speed.db')
  const random = generator(7)
  const vector = (dimensions) => Float32Array.from({ length: dimensions }, () => random() - 0.5)
  const all = []
  while (all.length < CHUNKS)
    for (const { text } of pages)
      for (const chunk of chunksOf(text, { maxTokens: 200, overlapTokens: 100 }))
        if (all.length < CHUNKS) all.push(chunk.text)
  const dimensions = Number(option('dimensions', 512))
  const elapsed = stopwatch()
  for (let first = 0; first < all.length; first += 100)
    await index.add(
      TENANT,
      'many',
      `file-${first}`,
      all
        .slice(first, first + 100)
        .map((text, ordinal) => ({ text, ordinal, embedding: vector(dimensions) })),
      { part: first / 100 },
    )
  const spent = elapsed()
  console.log(
    `\n${all.length} chunks of 200 tokens with vectors of ${dimensions}: ${rate(all.length, spent, 'chunks')} indexed`,
  )
  say('ms per question', ['p50', 'p99', 'CPU p50', 'CPU p99'])
  const timed = async (name, query) => {
    const times = []
    const cpus = []
    for (const [n, { question }] of asked.slice(0, 500).entries()) {
      const elapsed = stopwatch()
      await index.search(TENANT, ['many'], { text: question, limit: 10, ...query(n) })
      const { wall, cpu } = elapsed()
      // The first ones read the vectors into memory.
      if (n < 5) continue
      times.push(wall * 1_000)
      cpus.push(cpu * 1_000)
    }
    const at = (list, part) => list.sort((a, b) => a - b)[Math.floor((list.length - 1) * part)].toFixed(1)
    say(name, [at(times, 0.5), at(times, 0.99), at(cpus, 0.5), at(cpus, 0.99)])
  }
  await timed('words', () => ({}))
  await timed('vectors', () => ({ embedding: vector(dimensions), ranking: { ranker: 'none' } }))
  await timed('hybrid', () => ({ embedding: vector(dimensions) }))
  await timed('hybrid, a filter that leaves 100 of 500 files', () => ({
    embedding: vector(dimensions),
    filter: { type: 'lt', key: 'part', value: 100 },
  }))
  console.log(`memory: ${(process.memoryUsage().rss / 1024 / 1024).toFixed(0)} MB`)
  await close()
}

async function local() {
  const { resolve } = createRequire(import.meta.url)
  const model = localEmbeddings({ load: (name) => import(pathToFileURL(resolve(name)).href) })
  try {
    await model.embed(['probe'])
    return model
  } catch (error) {
    console.log(`\n${error.message} (${error.cause?.message ?? 'no cause'})`)
    return undefined
  }
}

/** The same numbers each time (mulberry32). */
function generator(seed) {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let t = Math.imul(state ^ (state >>> 15), 1 | state)
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t
    return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296
  }
}
