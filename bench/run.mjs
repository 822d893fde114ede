// Runs every peer through every scenario, interleaved (repetition is the outer loop), each measurement in a fresh process; prints medians and ratios.
//   node install.mjs && node run.mjs [--peers=a,b] [--only=a,b,c,d,e,f,wide,long] [--reps=5] [--runs=16] [--warm=3000] [--out=results.json] [--table]
// --table prints the tables of an existing results file and runs nothing. --readme writes them into README.md.
import { execSync, fork, spawn } from 'node:child_process'
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { arch, cpus, platform } from 'node:os'
import { join } from 'node:path'
import { printTables } from './tables.mjs'

const here = new URL('.', import.meta.url).pathname
const option = (name, fallback) => {
  const found = process.argv.find((arg) => arg === `--${name}` || arg.startsWith(`--${name}=`))
  return found === undefined ? fallback : (found.split('=')[1] ?? true)
}
const ORDER = [
  'limit-undici',
  'floor-undici',
  'floor-http',
  'floor-fetch',
  'antiphon',
  'pi',
  'ai-sdk',
  'openai-agents',
  'openai-sdk',
]
const installed = readdirSync(join(here, 'peers')).filter(
  (name) => existsSync(join(here, 'peers', name, 'node_modules')) || /^floor-(http|fetch)$/.test(name),
)
const peers = option('peers', '')
  ? option('peers', '').split(',')
  : ORDER.filter((name) => installed.includes(name))
const only = option('only', 'a,b,c,d,e,f,wide,long').split(',')
const reps = Number(option('reps', 5))
const runs = Number(option('runs', 16))
// Every peer gets the same time to be compiled: with less, the largest code is measured while it is still interpreted.
const warmMs = Number(option('warm', 3000))
const out = option('out', join(here, 'results.json'))
const results = existsSync(out) ? JSON.parse(readFileSync(out, 'utf8')) : {}
const streamOnly = (name) =>
  /export const streamOnly = true/.test(readFileSync(join(here, 'peers', name, 'peer.mjs'), 'utf8'))

const upstream = fork(join(here, 'upstream.mjs'), ['0'])
const origin = await new Promise((resolve) =>
  upstream.on('message', (message) => resolve(`http://127.0.0.1:${message.port}`)),
)

const worker = (peer, scenario, args, timeoutMs = 120_000) =>
  new Promise((resolve) => {
    const child = spawn(
      process.execPath,
      ['--expose-gc', join(here, 'worker.mjs'), peer, scenario, JSON.stringify(args), origin],
      {
        cwd: here,
        env: {
          ...process.env,
          NODE_ENV: 'production',
          OPENAI_AGENTS_DISABLE_TRACING: '1',
          OPENAI_API_KEY: 'x',
          OTEL_TRACES_SAMPLER: 'always_off',
        },
        stdio: ['ignore', 'pipe', 'pipe'],
      },
    )
    let stdout = ''
    let stderr = ''
    child.stdout.on('data', (data) => (stdout += data))
    child.stderr.on('data', (data) => (stderr += data))
    const timer = setTimeout(() => child.kill('SIGKILL'), timeoutMs)
    child.on('exit', () => {
      clearTimeout(timer)
      const found = /RESULT (.*)/.exec(stdout)
      resolve(found ? JSON.parse(found[1]) : { error: `no result: ${(stderr || stdout).slice(-300)}` })
    })
  })

const each = async (key, scenario, args, { n = reps, skip = () => false, timeoutMs } = {}) => {
  for (const peer of peers) delete results[key]?.[peer]
  for (let i = 0; i < n; i++)
    for (const peer of peers) {
      if (skip(peer)) continue
      const result = await worker(peer, scenario, args, timeoutMs)
      results[key] ??= {}
      results[key][peer] ??= []
      results[key][peer].push(result)
      if (result.error || result.err) console.error(`! ${key} ${peer}: ${result.error ?? result.err}`)
      writeFileSync(out, JSON.stringify(results))
    }
}

const IMPORTS = {
  'node (empty)': [],
  'floor-undici': ['undici'],
  antiphon: ['antiphon'],
  pi: ['@mariozechner/pi-agent-core', '@mariozechner/pi-ai'],
  'ai-sdk': ['ai', '@ai-sdk/openai'],
  'openai-agents': ['@openai/agents'],
  'openai-sdk': ['openai'],
}
const measureImport = () => {
  delete results.e
  for (let i = 0; i < reps + 1; i++)
    for (const [peer, modules] of Object.entries(IMPORTS)) {
      const dir = join(here, 'peers', peer)
      if (peer !== 'node (empty)' && !peers.includes(peer)) continue
      const code = `${modules.map((name) => `await import('${name}');`).join('')}const c=process.cpuUsage();console.log(process.resourceUsage().maxRSS/1024,(c.user+c.system)/1000);process.exit(0)`
      const started = performance.now()
      const printed = execSync(`node --input-type=module -e "${code}"`, {
        cwd: existsSync(dir) ? dir : here,
        env: { ...process.env, NODE_ENV: 'production' },
      }).toString()
      const [rss, cpu] = printed.trim().split(' ').map(Number)
      results.e ??= {}
      results.e[peer] ??= []
      // The first pass only warms the page cache.
      if (i > 0) results.e[peer].push({ wall: performance.now() - started, rss, cpu, ...sizeOf(dir) })
    }
}
const sizeOf = (dir) => {
  const modules = join(dir, 'node_modules')
  if (!existsSync(modules)) return {}
  const kilobytes = (path) =>
    existsSync(path) ? Number(execSync(`du -sk ${path}`).toString().split('\t')[0]) : 0
  return {
    mb: kilobytes(modules) / 1024,
    withoutZodMb: (kilobytes(modules) - kilobytes(join(modules, 'zod'))) / 1024,
    packages: Object.keys(JSON.parse(readFileSync(join(modules, '.package-lock.json'), 'utf8')).packages)
      .length,
  }
}

const SCENARIOS = {
  async a() {
    await each(
      'a1 json',
      'loop',
      { turns: 20, parallel: 1, stream: false, runs, warm: 10, warmMs },
      { skip: streamOnly },
    )
    await each('a1 sse', 'loop', { turns: 20, parallel: 1, stream: true, runs, warm: 10, warmMs })
    await each(
      'a2 json',
      'loop',
      { turns: 5, parallel: 8, stream: false, runs: runs * 2, warm: 15, warmMs },
      { skip: streamOnly },
    )
    await each('a2 sse', 'loop', { turns: 5, parallel: 8, stream: true, runs: runs * 2, warm: 15, warmMs })
  },
  async b() {
    await each('b1000', 'concurrent', { n: 1000, turns: 3, stream: true, latency: 200 })
    await each('b1000 hot', 'concurrent', { n: 1000, turns: 3, stream: true, latency: 200, warmMs })
  },
  async c() {
    await each('c event', 'deltas', { n: 20000, slice: 0, runs: 2 })
    await each('c hot', 'deltas', { n: 20000, slice: 0, runs: 25 }, { n: Math.min(3, reps) })
    await each('c bulk', 'deltas', { n: 20000, slice: 16384, runs: 2 }, { n: Math.min(3, reps) })
  },
  async d() {
    await each('d', 'long', { turns: 300, stream: true })
    await each('d hot', 'long', { turns: 300, stream: true, warmMs })
  },
  async e() {
    measureImport()
  },
  async f() {
    await each('f', 'eager', {}, { n: Math.min(3, reps) })
  },
  async wide() {
    await each('wide', 'loop', { turns: 2, parallel: 256, stream: true, runs: runs * 2, warm: 10, warmMs })
  },
  async long() {
    await each(
      'long',
      'long',
      { turns: 2000, stream: true, pad: 1900 },
      { n: Math.min(2, reps), skip: (peer) => !/^(floor-undici|antiphon)$/.test(peer) },
    )
  },
}

if (!option('table')) {
  results.machine = {
    date: new Date().toISOString().slice(0, 10),
    node: process.version,
    cpu: cpus()[0]?.model,
    cores: cpus().length,
    platform: `${platform()} ${arch()}`,
    reps,
  }
  console.error(`peers: ${peers.join(' ')}; ${reps} repetitions`)
  for (const name of only) {
    const started = Date.now()
    await SCENARIOS[name]?.()
    writeFileSync(out, JSON.stringify(results))
    console.error(`scenario ${name} took ${((Date.now() - started) / 1000).toFixed(0)} s`)
  }
}
const text = printTables(results, ORDER)
console.log(text)
if (option('readme')) {
  const readme = join(here, 'README.md')
  const [before, , after] = readFileSync(readme, 'utf8').split(/(<!-- results -->[\s\S]*<!-- \/results -->)/)
  writeFileSync(readme, `${before}<!-- results -->\n\n${text}\n\n<!-- /results -->${after ?? ''}`)
}
upstream.kill()
process.exit(0)
