/**
 * `npm run try:packed`: installs the packed packages into an empty folder, as a new user would: `antiphon` alone, with the first example run and type-checked;
 * then the store, with the example that resumes after a crash; then the workers, the server, which answers one request, and the command line. Tells what `antiphon` weighs on disk; more than 6 MB without
 * zod fails.
 */
import {
  cpSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { runCommand } from './command.mjs'
import { withPackedPackages } from './pack.mjs'
import { root, setup } from './setup.mjs'

const limitBytes = 6_000_000
const [example = '01-minimal.ts'] = process.argv.slice(2)
const storeExample = '09-resume-after-a-crash.ts'

await setup()
const { default: ts } = await import('typescript')
const folder = mkdtempSync(join(tmpdir(), 'antiphon-user-'))
try {
  process.exitCode = (await withPackedPackages(tryOut)) ? 0 : 1
} finally {
  rmSync(folder, { recursive: true })
}

/** @param {import('./pack.mjs').Packed[]} packed */
async function tryOut(packed) {
  const tarballs = (/** @type {string[]} */ ...names) =>
    packed.flatMap(({ name, filename }) => (names.includes(name) ? filename : []))
  const { zod } = manifest('examples').dependencies
  write('package.json', JSON.stringify({ type: 'module', private: true }))
  writeExample('example', example)
  const options = {
    module: 'NodeNext',
    target: 'ES2023',
    strict: true,
    noEmit: true,
    skipLibCheck: false,
    types: ['node'],
  }
  write('tsconfig.json', JSON.stringify({ compilerOptions: options, include: ['src'] }))

  const install = ['npm', 'install', '--no-audit', '--no-fund', '--loglevel=error']
  if (!(await step('install', [...install, ...tarballs('@antiphon/client', 'antiphon'), `zod@${zod}`])))
    return false
  const bytes = sizeOf(join(folder, 'node_modules'), new Set(['zod']))
  process.stdout.write(`         antiphon and what it needs, without zod: ${(bytes / 1e6).toFixed(2)} MB\n`)
  const light = bytes <= limitBytes
  if (!light) process.stdout.write(`failed   more than ${limitBytes / 1e6} MB\n`)

  const ran = await step('run', [process.execPath, 'example.js'])
  // What a package of ours needs of the others is not on the registry in this version: it is installed with it.
  const floors = tarballs('@antiphon/client', 'antiphon')
  writeExample('kept', storeExample)
  write(
    'src/postgres.ts',
    "import { postgres } from '@antiphon/store/postgres'\n\nexport const store = postgres({ host: 'db' })\n",
  )
  const kept =
    (await step('install store', [...install, ...floors, ...tarballs('@antiphon/store')])) &&
    (await step('run with a store', [process.execPath, 'kept.js']))
  // The types of Node come from this checkout: a user has them or not, and they are not ours.
  mkdirSync(join(folder, 'node_modules/@types'), { recursive: true })
  for (const name of ['@types/node', 'undici-types']) copyPackage(name)
  const typed = await step('types', [
    process.execPath,
    join(root, 'node_modules/typescript/bin/tsc'),
    '-p',
    '.',
  ])
  const rest = packed.flatMap(({ name, filename }) =>
    ['@antiphon/client', 'antiphon'].includes(name) ? [] : [filename],
  )
  const whole =
    (await step('install all others', [...install, ...floors, ...rest])) &&
    (await step('import dbos', [
      process.execPath,
      '--input-type=module',
      '-e',
      "const { createWorker } = await import('@antiphon/dbos'); if (!createWorker) process.exit(1)",
    ])) &&
    (await step('answer one request', [
      process.execPath,
      '--input-type=module',
      '-e',
      `import { serve } from '@antiphon/server'
       import { offline } from 'antiphon'
       const server = serve(offline(), { store: 'server.db' })
       const { url } = await server.listen(0)
       const headers = { 'content-type': 'application/json' }
       const body = JSON.stringify({ model: 'offline', input: 'Hello' })
       const answer = await fetch(url + '/v1/responses', { method: 'POST', headers, body })
       if ((await answer.json()).status !== 'completed') process.exitCode = 1
       await server.close()`,
    ])) &&
    (await step('built-in tools', [
      process.execPath,
      '--input-type=module',
      '-e',
      `import { openContainers } from '@antiphon/code-interpreter'
       import { fileSearch } from '@antiphon/file-search'
       import { mcp } from '@antiphon/mcp'
       import { applyPatch, shell } from '@antiphon/shell'
       import { webSearch } from '@antiphon/web-search'
       import assert from 'node:assert/strict'
       const files = fileSearch()
       const store = await files.stores.create()
       await files.stores.add(store, { filename: 'a.html', content: '<p>A chant in call and response.</p>' })
       assert.deepEqual(await files.stores.settled(store), { completed: 1, failed: 0 })
       const [found] = await files.stores.search(store, 'chant')
       assert.equal(found?.filename, 'a.html')
       await files.close()
       const containers = openContainers()
       const container = await containers.create('local')
       const { logs } = await container.run('console.log(6 * 7)', { language: 'javascript' })
       assert.equal(logs.trim(), '42')
       await containers.close()
       for (const tool of [mcp(), shell({ root: '.' }), applyPatch({ root: '.' }), webSearch({ provider: async () => [] })])
         assert.equal(tool.kind, 'built-in')`,
    ])) &&
    (await step('antiphon --help', [process.execPath, 'node_modules/@antiphon/cli/dist/main.js', '--help']))
  return light && ran && typed && kept && whole
}

/** @param {string} name @param {string[]} command */
async function step(name, command) {
  const env = { ...process.env }
  for (const key of ['COMETAPI_KEY', 'OPENAI_API_KEY']) delete (/** @type {NodeJS.ProcessEnv} */ (env)[key])
  const { ok, output, seconds } = await runCommand(command, { cwd: folder, env, timeoutMs: 120_000 })
  process.stdout.write(`${ok ? 'ok    ' : 'failed'} ${seconds.toFixed(1)} s  ${name}\n`)
  if (!ok) process.stdout.write(`${output.trimEnd()}\n\n`)
  return ok
}

/** @param {string} name a package that this checkout has */
function copyPackage(name) {
  const store = join(root, 'node_modules/.pnpm')
  const [entry] = readdirSync(store).filter((one) => one.startsWith(`${name.replace('/', '+')}@`))
  if (entry)
    cpSync(join(store, entry, 'node_modules', name), join(folder, 'node_modules', name), { recursive: true })
}

/** Bytes of all files, without the packages left out. @param {string} path @param {Set<string>} without @returns {number} */
function sizeOf(path, without) {
  return readdirSync(path, { withFileTypes: true }).reduce((sum, entry) => {
    if (without.has(entry.name)) return sum
    const child = join(path, entry.name)
    return sum + (entry.isDirectory() ? sizeOf(child, new Set()) : statSync(child).size)
  }, 0)
}

/** An example as JavaScript, to run, and as it is, to check its types. @param {string} name @param {string} file */
function writeExample(name, file) {
  const code = readFileSync(join(root, 'examples', file), 'utf8')
  const { outputText } = ts.transpileModule(code, {
    compilerOptions: {
      module: ts.ModuleKind.ESNext,
      target: ts.ScriptTarget.ES2023,
      verbatimModuleSyntax: true,
    },
  })
  write(`${name}.js`, outputText)
  write(`src/${name}.ts`, code)
}

/** @param {string} path @param {string} text */
function write(path, text) {
  mkdirSync(join(folder, path, '..'), { recursive: true })
  writeFileSync(join(folder, path), text)
}

/** @param {string} path */
function manifest(path) {
  return JSON.parse(readFileSync(join(root, path, 'package.json'), 'utf8'))
}
