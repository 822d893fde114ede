// What the server costs beside node:http that writes the very same bytes.
//   node run.mjs [--reps=3] [--json] [--requests=100000]     (the last one: requests over which memory is watched)
// Client and server are two processes. CPU is that of the server alone, of all its threads.
import { spawn } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { Agent, request as send } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

const option = (name, fallback) =>
  process.argv.find((arg) => arg.startsWith(`--${name}=`))?.slice(name.length + 3) ?? fallback
const reps = Number(option('reps', 3))
const requests = Number(option('requests', 100_000))
const subject = fileURLToPath(new URL('subject.mjs', import.meta.url))
const median = (list) => [...list].sort((a, b) => a - b)[list.length >> 1]
const round = (value) => Math.round(value * 1_000) / 1_000

const start = async (kind, store) => {
  const child = spawn(
    process.execPath,
    ['--expose-gc', subject, kind, ...(store === undefined ? [] : [store])],
    {
      stdio: ['ignore', 'pipe', 'inherit'],
    },
  )
  const line = await new Promise((resolve, reject) => {
    child.stdout.once('data', (chunk) => resolve(String(chunk).trim()))
    child.once('exit', () => reject(new Error(`${kind} did not start`)))
  })
  const [port, side = port] = line.split(' ')
  const agent = new Agent({ keepAlive: true, maxSockets: 5_000 })
  const ask = (body, { path = '/v1/responses', method = 'POST', onHead } = {}) =>
    new Promise((resolve, reject) => {
      const text = body === undefined || typeof body === 'string' ? body : JSON.stringify(body)
      const headers =
        text === undefined
          ? {}
          : { 'content-type': 'application/json', 'content-length': Buffer.byteLength(text) }
      const sent = send({ host: '127.0.0.1', port, path, method, agent, headers }, (response) => {
        onHead?.(response)
        let all = ''
        response.setEncoding('utf8').on('data', (chunk) => {
          all += chunk
        })
        response.on('end', () =>
          response.statusCode === 200
            ? resolve(all)
            : reject(new Error(`${response.statusCode} ${all.slice(0, 200)}`)),
        )
        response.on('error', reject)
      })
      sent.on('error', reject)
      sent.end(text)
    })
  const usage = async () => {
    const answer = await fetch(`http://127.0.0.1:${side}/usage`)
    return answer.json()
  }
  return { ask, usage, stop: () => child.kill('SIGKILL') }
}

/** CPU of the server and wall time per request, after a warm-up. */
const measure = async (server, count, one, warm = Math.min(300, count)) => {
  for (let n = 0; n < warm; n++) await one(n)
  const before = await server.usage()
  const from = performance.now()
  for (let n = 0; n < count; n++) await one(n)
  const wallMs = performance.now() - from
  const { cpuMs } = await server.usage()
  return { cpuMs: (cpuMs - before.cpuMs) / count, wallMs: wallMs / count }
}

const input = (deltas) => `say ${deltas}`
const results = {}
const note = (name, kind, facts) => {
  results[name] ??= {}
  results[name][kind] ??= []
  results[name][kind].push(facts)
}

const folder = mkdtempSync(join(tmpdir(), 'antiphon-bench-server-'))
let files = 0
const stores = { 'antiphon, not stored': 'memory', 'antiphon, memory': 'memory', 'antiphon, SQLite': 'file' }

/** A stream of the served agent, for the bare server to write the very same. */
const toolBody = (store) => ({ model: 'clerk', input: 'Weather in Oslo?', stream: true, store })
let toolBytes = ''
{
  const server = await start('antiphon', 'memory')
  toolBytes = await server.ask(toolBody(false))
  if (!toolBytes.includes('"type":"mcp_call"') || !toolBytes.includes('response.completed'))
    throw new Error(`The agent did not call its tool: ${toolBytes.slice(-500)}`)
  server.stop()
}

for (let rep = 0; rep < reps; rep++) {
  for (const kind of ['bare', ...Object.keys(stores)]) {
    const target = stores[kind] === 'file' ? join(folder, `${files++}.db`) : stores[kind]
    const server = await start(kind === 'bare' ? 'bare' : 'antiphon', target)
    const store = kind !== 'antiphon, not stored'
    const body = (deltas, more = {}) => ({ model: 'bench', input: input(deltas), store, ...more })
    note('plain', kind, await measure(server, 1_000, () => server.ask(body(2))))
    note('stream, 2 deltas', kind, await measure(server, 1_000, () => server.ask(body(2, { stream: true }))))
    note(
      'stream, 2,000 deltas',
      kind,
      await measure(server, 60, () => server.ask(body(2_000, { stream: true })), 20),
    )
    if (kind === 'bare') await server.ask(toolBytes, { path: '/bytes' })
    note('tool turn', kind, await measure(server, 500, () => server.ask(toolBody(store))))
    if (kind !== 'bare' && store)
      for (const depth of [10, 1_000]) {
        let previous
        const chain = async (n) => {
          const answer = await server.ask(
            body(2, previous === undefined ? {} : { previous_response_id: previous }),
          )
          if (n === undefined) previous = JSON.parse(answer).id
        }
        for (let n = 0; n < depth; n++) await chain()
        note(`turn at depth ${depth}`, kind, await measure(server, 300, () => chain(0), 50))
      }
    if (kind !== 'bare' && store) {
      const { id } = JSON.parse(
        /"response":(\{.*\}),"sequence_number":0|data: (\{.*\})/.exec(
          await server.ask(body(200, { stream: true })),
        )?.[2] ?? '{}',
      ).response
      note(
        'resume of 200 deltas',
        kind,
        await measure(
          server,
          300,
          () =>
            server.ask(undefined, {
              method: 'GET',
              path: `/v1/responses/${id}?stream=true&starting_after=100`,
            }),
          50,
        ),
      )
    }
    server.stop()
  }
}

// Memory of streams that wait, and over many requests.
for (const store of [false, true]) {
  const server = await start('antiphon', store ? join(folder, `${files++}.db`) : 'memory')
  for (let n = 0; n < 300; n++) await server.ask({ model: 'bench', input: input(2), stream: true, store })
  const before = await server.usage()
  await Promise.all(
    Array.from(
      { length: 1_000 },
      () =>
        new Promise((resolve, reject) => {
          server
            .ask({ model: 'bench', input: 'wait', stream: true, store }, { onHead: resolve })
            .catch(reject)
        }),
    ),
  )
  await new Promise((resolve) => setTimeout(resolve, 500))
  const { rss } = await server.usage()
  note('KB per open stream', store ? 'antiphon, SQLite' : 'antiphon, not stored', {
    kb: (rss - before.rss) / 1_024 / 1_000,
  })
  server.stop()
}
{
  const server = await start('antiphon', 'memory')
  const marks = []
  for (let n = 0; n <= requests; n += requests / 10) {
    if (n > 0)
      for (let m = 0; m < requests / 10; m += 20)
        await Promise.all(
          Array.from({ length: 20 }, () =>
            server.ask({ model: 'bench', input: input(2), stream: true, store: false }),
          ),
        )
    marks.push(round((await server.usage()).rss / 1_048_576))
  }
  note(`MB over ${requests} requests`, 'antiphon, not stored', { marks })
  server.stop()
}
rmSync(folder, { recursive: true, force: true })

if (process.argv.includes('--json')) console.log(JSON.stringify(results, null, 2))
else
  for (const [name, kinds] of Object.entries(results)) {
    console.log(`\n${name}`)
    const floor = kinds.bare === undefined ? undefined : median(kinds.bare.map(({ cpuMs }) => cpuMs))
    for (const [kind, list] of Object.entries(kinds)) {
      if (list[0].marks !== undefined) console.log(`  ${kind}: ${list[0].marks.join(', ')}`)
      else if (list[0].kb !== undefined) console.log(`  ${kind}: ${round(list[0].kb)}`)
      else {
        const cpuMs = median(list.map((facts) => facts.cpuMs))
        const wallMs = median(list.map((facts) => facts.wallMs))
        const ratio = floor === undefined ? '' : `  x ${round(cpuMs / floor)}`
        console.log(`  ${kind}: CPU ${round(cpuMs)} ms, wall ${round(wallMs)} ms${ratio}`)
      }
    }
  }
process.exit(0)
