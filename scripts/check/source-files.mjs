/** The files somebody wrote: no dependency, no build output, nothing hidden. */
import { existsSync, readdirSync } from 'node:fs'
import { join } from 'node:path'

const skipped = new Set(['node_modules', 'dist', 'coverage', 'deps', 'fixtures'])

/**
 * Paths relative to `root`, with `/`, sorted.
 * @param {string} root
 * @param {string[]} [folders] where to look, default every folder that holds code
 * @returns {string[]}
 */
export function sourceFiles(root, folders = ['packages', 'examples', 'scripts', 'bench']) {
  const found = []
  const pending = folders.filter((folder) => existsSync(join(root, folder)))
  for (let folder = pending.pop(); folder !== undefined; folder = pending.pop()) {
    for (const entry of readdirSync(join(root, folder), { withFileTypes: true })) {
      const path = `${folder}/${entry.name}`
      if (entry.name.startsWith('.') || skipped.has(entry.name)) continue
      if (entry.isDirectory()) pending.push(path)
      else if (entry.isFile()) found.push(path)
    }
  }
  return found.sort()
}

/** @param {string} path */
export function isCode(path) {
  return /\.[cm]?[jt]sx?$/.test(path)
}
