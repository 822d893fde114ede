/**
 * Makes a fresh clone ready with nothing but Node and npm: installs the pinned dependencies when a manifest changed,
 * builds the packages when a source changed. One line per step on stderr, nothing when all is in place.
 * Uses Node's own modules only, because it runs before anything is installed.
 */
import { spawn } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

export const root = fileURLToPath(new URL('..', import.meta.url))
export const packages = ['packages', join('packages', 'tools')]
  .flatMap((folder) => readdirSync(join(root, folder)).map((name) => join(folder, name)))
  .filter((folder) => existsSync(join(root, folder, 'package.json')))

/** The pinned package manager, for npx. */
export const pnpm = `pnpm@${/pnpm@(\S+)/.exec(manifest('.').packageManager)?.[1]}`
const cache = join(root, 'node_modules/.cache/antiphon')
const minimum = /** @type {const} */ ([20, 19])

/**
 * Installs and builds what is missing or stale; ends the process with 1 and the reason when that fails.
 * @param {{ build?: boolean }} [options] `build: false` only installs
 */
export async function setup({ build = true } = {}) {
  checkNode()
  const installed = installFingerprint()
  if (stamp('install') !== installed || !workspaceLinked()) {
    await step(
      'Installing dependencies',
      ['install', '--frozen-lockfile', '--config.confirmModulesPurge=false'],
      {
        remedy: `The package registry must be reachable. After a change to a package.json: npx -y ${pnpm} install`,
      },
    )
    writeStamp('install', installed)
  }
  if (!build) return
  const sources = sourceFingerprint()
  if (stamp('build') !== sources || !built()) {
    await step('Building the packages', ['exec', 'turbo', 'run', 'build', '--output-logs=errors-only'], {
      remedy: 'Mend the error above and run the same command again.',
    })
    writeStamp('build', sources)
  }
}

function checkNode() {
  const [major = 0, minor = 0] = process.versions.node.split('.').map(Number)
  if (major > minimum[0] || (major === minimum[0] && minor >= minimum[1])) return
  fail(`Node ${minimum.join('.')} or newer is needed; this is ${process.version} (${process.execPath}).`)
}

/** What an install depends on: the lock file, the workspace file, every manifest's dependencies, the platform. */
function installFingerprint() {
  const hash = createHash('sha256').update(`${process.platform} ${process.arch} ${pnpm}`)
  for (const file of ['pnpm-lock.yaml', 'pnpm-workspace.yaml']) hash.update(readFileSync(join(root, file)))
  for (const folder of ['.', 'examples', ...packages]) {
    const { dependencies, devDependencies, optionalDependencies, peerDependencies } = manifest(folder)
    hash.update(
      JSON.stringify([folder, dependencies, devDependencies, optionalDependencies, peerDependencies]),
    )
  }
  return hash.digest('hex')
}

function workspaceLinked() {
  return ['.', 'examples', ...packages].every((folder) => existsSync(join(root, folder, 'node_modules')))
}

/** What a build depends on, by size and time of change: cheap, and turbo's content hash decides about the rest. */
function sourceFingerprint() {
  const hash = createHash('sha256').update(stamp('install') ?? '')
  const add = (/** @type {string} */ path) => {
    const { size, mtimeMs } = statSync(join(root, path))
    hash.update(`${path} ${size} ${mtimeMs}\n`)
  }
  for (const file of ['tsconfig.base.json', 'turbo.json']) add(file)
  for (const folder of packages) {
    for (const entry of readdirSync(join(root, folder), { withFileTypes: true })) {
      if (entry.isFile()) add(join(folder, entry.name))
    }
    const sources = existsSync(join(root, folder, 'src'))
      ? readdirSync(join(root, folder, 'src'), { recursive: true })
      : []
    for (const path of sources) add(join(folder, 'src', String(path)))
  }
  return hash.digest('hex')
}

function built() {
  return packages.every((folder) => {
    const { exports = {}, bin = {} } = manifest(folder)
    const targets = [...Object.values(exports), ...Object.values(bin)]
    return targets.every((target) => existsSync(join(root, folder, target.default ?? target)))
  })
}

/**
 * @param {string} title
 * @param {string[]} args
 * @param {{ remedy: string }} advice
 */
async function step(title, args, { remedy }) {
  const started = Date.now()
  process.stderr.write(`${title} …`)
  // CI=true keeps the tools from asking; no stdin, so that nothing can wait for an answer.
  const env = { ...process.env, CI: 'true', TURBO_TELEMETRY_DISABLED: '1', DO_NOT_TRACK: '1' }
  const windows = process.platform === 'win32'
  const child = spawn('npx', ['-y', pnpm, ...args], {
    cwd: root,
    env,
    shell: windows,
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let output = ''
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk) => (output += chunk))
  const code = await new Promise((resolve) => {
    child.on('error', (error) => {
      output += error.message
      resolve(1)
    })
    child.on('close', resolve)
  })
  if (code === 0) return void process.stderr.write(` ${((Date.now() - started) / 1000).toFixed(1)} s\n`)
  fail(` failed\n\n${output.trim()}\n\n${title} failed (npx -y ${pnpm} ${args.join(' ')}).\n${remedy}`)
}

/** @param {string} message @returns {never} */
function fail(message) {
  process.stderr.write(`${message}\n`)
  process.exit(1)
}

/** @param {string} folder */
function manifest(folder) {
  return JSON.parse(readFileSync(join(root, folder, 'package.json'), 'utf8'))
}

/** @param {string} name */
function stamp(name) {
  return existsSync(join(cache, name)) ? readFileSync(join(cache, name), 'utf8') : undefined
}

/** @param {string} name @param {string} value */
function writeStamp(name, value) {
  mkdirSync(dirname(join(cache, name)), { recursive: true })
  writeFileSync(join(cache, name), value)
}

if (process.argv[1] === fileURLToPath(import.meta.url)) await setup()
