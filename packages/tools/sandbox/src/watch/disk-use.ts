import { execFile } from 'node:child_process'
import { type Stats, statSync } from 'node:fs'
import { promisify } from 'node:util'
import { SandboxError } from '../sandbox-error.ts'
import { listOf } from './process-tree.ts'

const execute = promisify(execFile)

/** What folders hold on their disks. */
export interface DiskUse {
  readonly bytes: number
  readonly files: number
}

/** A tree that du does not get through in this time is too large to be watched. */
const MEASURE_MS = 30_000

/**
 * What is in folders, by du, which follows no link and is not lost when the tree changes under it.
 *
 * @throws SandboxError `sandbox_failed` when it cannot be told.
 */
export const diskUse = async (folders: readonly string[]): Promise<DiskUse> => {
  if (folders.length === 0) return { bytes: 0, files: 0 }
  const [bytes, files] = await Promise.all([total(['-B1'], folders), total(['--inodes'], folders)])
  return { bytes, files }
}

const total = async (options: readonly string[], folders: readonly string[]): Promise<number> => {
  const { stdout, cause } = await execute('du', ['-s', '-x', ...options, '--', ...folders], {
    timeout: MEASURE_MS,
    env: { PATH: process.env.PATH, LC_ALL: 'C' },
  }).then(
    ({ stdout }) => ({ stdout, cause: undefined }),
    // A file that went away while it walked: the sums are there all the same.
    (cause) => ({ stdout: (cause as { stdout?: string }).stdout ?? '', cause }),
  )
  const sums = stdout
    .split('\n')
    .filter(Boolean)
    .map((line) => Number.parseInt(line, 10))
  if (sums.length === folders.length && !sums.some(Number.isNaN))
    return sums.reduce((sum, each) => sum + each, 0)
  throw new SandboxError(
    'sandbox_failed',
    `It cannot be told how much is in ${folders.join(', ')}, so nothing may write there. GNU du has to be installed: apt-get install -y coreutils, apk add coreutils.`,
    { cause },
  )
}

/** Files that processes hold open and that no folder has any more: du does not see them, the disk does. */
export const hiddenBytes = (pids: readonly number[], devices: ReadonlySet<number>): number => {
  const sizes = new Map<number, number>()
  for (const pid of pids)
    for (const descriptor of listOf(`/proc/${pid}/fd`)) {
      const found = statOf(`/proc/${pid}/fd/${descriptor}`)
      if (found !== undefined && found.nlink === 0 && found.isFile() && devices.has(found.dev))
        sizes.set(found.ino, found.blocks * 512)
    }
  return [...sizes.values()].reduce((sum, size) => sum + size, 0)
}

const statOf = (path: string): Stats | undefined => {
  try {
    return statSync(path, { throwIfNoEntry: false })
  } catch {
    return undefined
  }
}
