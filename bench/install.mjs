// Installs every peer into its own folder, so that size and package count are separable. Antiphon comes from packed tarballs of this checkout.
//   node install.mjs [--missing] [peer …]   --missing: only what is not installed yet, and Antiphon
import { execFileSync } from 'node:child_process'
import { existsSync, mkdtempSync, readdirSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

const here = new URL('.', import.meta.url).pathname
const root = join(here, '..')
const missing = process.argv.includes('--missing')
const only = process.argv.slice(2).filter((arg) => !arg.startsWith('--'))
const npm = (args, cwd) =>
  execFileSync('npm', [...args, '--no-audit', '--no-fund', '--loglevel=error'], {
    cwd,
    stdio: ['ignore', 'inherit', 'inherit'],
  })

// Those of the speed of the loop, and the benches of kept runs and of the server.
const places = new Map(
  readdirSync(join(here, 'peers'))
    .sort()
    .map((name) => [name, join(here, 'peers', name)]),
)
for (const name of ['durable', 'server', 'retrieval'])
  if (only.includes(name)) places.set(name, join(here, name))
const ours = {
  antiphon: ['client', 'core'],
  durable: ['client', 'core', 'store', 'dbos'],
  server: ['client', 'core', 'store', 'tools/egress', 'server'],
  retrieval: ['client', 'core', 'store', 'tools/file-search'],
}

for (const [name, dir] of places) {
  if (only.length > 0 && !only.includes(name)) continue
  // What is under test is always installed anew.
  if (missing && !(name in ours) && existsSync(join(dir, 'node_modules'))) continue
  const started = Date.now()
  npm([existsSync(join(dir, 'package-lock.json')) ? 'ci' : 'install', '--omit=dev'], dir)
  if (name in ours) {
    execFileSync(process.execPath, [join(root, 'scripts/setup.mjs')], { cwd: root, stdio: 'inherit' })
    const packed = mkdtempSync(join(tmpdir(), 'antiphon-bench-'))
    for (const folder of ours[name])
      execFileSync('npx', ['-y', 'pnpm@10.34.8', 'pack', '--pack-destination', packed], {
        cwd: join(root, 'packages', folder),
        stdio: ['ignore', 'ignore', 'inherit'],
      })
    npm(['install', '--no-save', '--omit=dev', ...readdirSync(packed).map((file) => join(packed, file))], dir)
  }
  console.log(`${name}: installed in ${((Date.now() - started) / 1000).toFixed(1)} s`)
}
