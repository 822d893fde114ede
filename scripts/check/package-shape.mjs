/**
 * Packs each package as it would be published and lets publint and "are the types wrong" inspect the tarball:
 * entries that exist, types that resolve for every ESM resolution, no forgotten file.
 */
import { statSync } from 'node:fs'
import { runCommand } from '../command.mjs'
import { withPackedPackages } from '../pack.mjs'

const results = await withPackedPackages((packed) => Promise.all(packed.map(inspect)))
process.exitCode = results.every(Boolean) ? 0 : 1

/** @param {import('../pack.mjs').Packed} packed */
async function inspect({ name, filename, files }) {
  const paths = files.map(({ path }) => path)
  const missing = ['README.md', 'LICENSE'].filter((path) => !paths.includes(path))
  const [publint, attw] = await Promise.all([
    runCommand(['publint', filename, '--strict']),
    runCommand(['attw', filename, '--profile', 'esm-only', '--format', 'ascii', '--no-emoji']),
  ])
  const complaints = [publint, attw].flatMap((tool) => (tool.ok ? [] : tool.output))
  if (missing.length > 0) complaints.push(`${missing.join(' and ')} missing from the package`)
  process.stdout.write(`note:   ${name} ${(statSync(filename).size / 1000).toFixed(0)} kB packed\n`)
  if (complaints.length > 0) process.stderr.write(`${name}\n${complaints.join('\n')}\n`)
  return complaints.length === 0
}
