import { readdir } from 'node:fs/promises'
import type { Folder, Place } from './folder.ts'

const MAX_ENTRIES = 200_000

/** What a walk through a folder found. */
export interface Walk {
  /** Files, relative to the root, sorted. Symbolic links are neither listed nor followed. */
  readonly files: readonly string[]
  /** Names of folders that were not entered. */
  readonly skipped: readonly string[]
  /** False when there were too many entries to see all. */
  readonly complete: boolean
}

/** All files below a place, but those in folders that are skipped. A folder that cannot be read counts as skipped. */
export const walkFiles = async (folder: Folder, start: Place, signal: AbortSignal): Promise<Walk> => {
  const files: string[] = []
  const skipped = new Set<string>()
  const open = [start.name === '.' ? '' : `${start.name}/`]
  let seen = 0
  for (let prefix = open.pop(); prefix !== undefined; prefix = open.pop()) {
    signal.throwIfAborted()
    const entries = await readdir(`${folder.root}/${prefix}`, { withFileTypes: true }).catch(() => undefined)
    if (entries === undefined) {
      skipped.add(prefix.slice(0, -1))
      continue
    }
    seen += entries.length
    if (seen > MAX_ENTRIES) return { files: files.sort(), skipped: [...skipped].sort(), complete: false }
    for (const entry of entries) {
      if (entry.isFile()) files.push(prefix + entry.name)
      else if (!entry.isDirectory()) continue
      else if (folder.skip.has(entry.name)) skipped.add(entry.name)
      else open.push(`${prefix}${entry.name}/`)
    }
  }
  return { files: files.sort(), skipped: [...skipped].sort(), complete: true }
}

/** `; not looked into: dist, node_modules` */
export const describeSkipped = ({ skipped }: Walk): string =>
  skipped.length === 0 ? '' : `; not looked into: ${skipped.slice(0, 10).join(', ')}`
