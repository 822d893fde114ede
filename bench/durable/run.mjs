// What it costs to keep a run, on each engine, beside the same run that nobody keeps.
//   node run.mjs [--reps=3] [--engines=bare,memory,sqlite,postgres,dbos] [--turns=500] [--json]
// The model and the tool answer at once and in this process, so what is measured is the loop and its log, and nothing else.
import { mkdtempSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { agent, approve, memoryRuns, tool } from 'antiphon'
import { openEngines } from './engines.mjs'

const option = (name, fallback) =>
  process.argv.find((arg) => arg.startsWith(`--${name}=`))?.slice(name.length + 3) ?? fallback
const reps = Number(option('reps', 3))
const turns = Number(option('turns', 500))
const wanted = option('engines', 'bare,memory,sqlite,postgres,dbos').split(',')

/** A model that calls the tool in each turn up to `last`, then a gated tool if there is one, then answers. */
const modelOf = (last, gated) => {
  const item = (name, n) => ({
    type: 'function_call',
    id: `fc_${n}`,
    call_id: `call_${n}`,
    name,
    arguments: `{"n":${n}}`,
    status: 'completed',
  })
  return async (request, sink) => {
    const n = request.input.reduce((count, { type }) => count + (type === 'function_call_output' ? 1 : 0), 0)
    const text = { type: 'output_text', text: 'done', annotations: [] }
    const output =
      n < last
        ? item('step', n)
        : gated && n === last
          ? item('gate', n)
          : { type: 'message', id: 'msg', role: 'assistant', status: 'completed', content: [text] }
    const response = { id: `resp_${n}`, object: 'response', created_at: 0, status: 'completed', model: 'm' }
    sink({ type: 'response.output_item.done', output_index: 0, item: output, sequence_number: 0 })
    sink({ type: 'response.completed', response: { ...response, output: [output] }, sequence_number: 1 })
  }
}

const schema = {
  '~standard': {
    version: 1,
    vendor: 'bench',
    validate: (value) => ({ value }),
    jsonSchema: { input: () => ({ type: 'object', properties: { n: { type: 'number' } }, required: ['n'] }) },
  },
}
const stepTool = tool({
  name: 'step',
  inputSchema: schema,
  effect: 'read',
  execute: async ({ n }) => ({ n, text: 'x'.repeat(200) }),
})
const gateTool = tool({ name: 'gate', inputSchema: schema, needsApproval: true, execute: async () => 'ok' })

export const agentOf = (last, gated = false, name = 'bench') =>
  agent({
    name,
    model: modelOf(last, gated),
    tools: gated ? [stepTool, gateTool] : [stepTool],
    limits: { turns: last + 3 },
  })

const timed = async (work) => {
  const from = performance.now()
  await work()
  return performance.now() - from
}
const median = (list) => list.sort((a, b) => a - b)[list.length >> 1]
let runs = 0
const freshId = () => `bench-${process.pid}-${runs++}`

/** One run of `turns` turns: two steps a turn, one after the other. */
const sequential = (engine) => timed(() => engine.run(turns, freshId()))

/** 50 runs of 20 turns at once. */
const parallel = (engine) =>
  timed(() => Promise.all(Array.from({ length: 50 }, () => engine.run(20, freshId()))))

/** A run of 1,000 turns that waits at its end, resumed by a fresh handle: the time until it has replayed all and ended. */
const resume = async (engine) => {
  if (engine.store === undefined) return undefined
  const runId = freshId()
  const waiting = await agentOf(1_000, true).run('go', { store: engine.store, runId }).result()
  const decision = approve(waiting.stop.pending[0])
  return timed(() => agentOf(1_000, true).resume(runId, [decision], { store: engine.store }).result())
}

/** Bytes of the records of one turn, as they are written. */
const bytesOf = async ({ store }, turn) => {
  if (store === undefined) return undefined
  const runId = freshId()
  await agentOf(1_001).run('go', { store, runId }).result()
  const records = await store.read(runId)
  const own = records.filter(({ key }) => key.startsWith(`t${turn}/`))
  return own.reduce((sum, record) => sum + Buffer.byteLength(JSON.stringify(record)), 0)
}

const folder = mkdtempSync(join(tmpdir(), 'antiphon-durable-'))
const { engines, close } = await openEngines({ folder, wanted, agentOf, memoryRuns })
try {
  const rows = []
  const results = new Map(engines.map(({ name }) => [name, { seq: [], par: [], resume: [] }]))
  for (const engine of engines) await engine.run(50, freshId())
  for (let rep = 0; rep < reps; rep++)
    for (const engine of engines) {
      const result = results.get(engine.name)
      result.seq.push(await sequential(engine))
      result.par.push(await parallel(engine))
      const took = await resume(engine)
      if (took !== undefined) result.resume.push(took)
    }
  const steps = 2 * turns + 1
  const bare = median(results.get('bare')?.seq ?? [0])
  for (const engine of engines) {
    const { seq, par, resume: resumed } = results.get(engine.name)
    const one = median(seq)
    rows.push({
      engine: engine.name,
      msPerStep: one / steps,
      overBare: (one - bare) / steps,
      stepsPerS: (steps / one) * 1_000,
      parallelStepsPerS: ((50 * 41) / median(par)) * 1_000,
      resumeMs: resumed.length === 0 ? undefined : median(resumed),
      bytesTurn10: await bytesOf(engine, 10),
      bytesTurn1000: await bytesOf(engine, 1_000),
    })
  }
  if (process.argv.includes('--json')) console.log(JSON.stringify(rows))
  else {
    const show = (value, digits) => (value === undefined ? '–' : value.toFixed(digits))
    console.log(
      '| engine | ms/step | over bare | steps/s | 50 runs: steps/s | resume of 1,000 turns ms | bytes of turn 10 | of turn 1,000 |',
    )
    console.log('| --- | --: | --: | --: | --: | --: | --: | --: |')
    for (const row of rows)
      console.log(
        `| ${row.engine} | ${show(row.msPerStep, 4)} | ${show(row.overBare, 4)} | ${show(row.stepsPerS, 0)} | ${show(row.parallelStepsPerS, 0)} | ${show(row.resumeMs, 0)} | ${show(row.bytesTurn10, 0)} | ${show(row.bytesTurn1000, 0)} |`,
      )
    const file = join(folder, 'runs.db')
    if (wanted.includes('sqlite'))
      console.log(`\nSQLite file: ${(statSync(file).size / 2 ** 20).toFixed(1)} MB after ${runs} runs`)
  }
} finally {
  await close()
  rmSync(folder, { recursive: true, force: true })
}
process.exit(0)
