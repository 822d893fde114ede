import { textOf } from './process-tree.ts'

/** What processes hold that is not a file's, in bytes. Pages that several share count for each, so it errs to the high side. */
export const memoryUse = (pids: readonly number[]): number =>
  pids.reduce((sum, pid) => sum + kilobytes(textOf(`/proc/${pid}/status`)) * 1024, 0)

const kilobytes = (status: string): number =>
  [...status.matchAll(/^Rss(?:Anon|Shmem):\s+(\d+) kB/gm)].reduce((sum, [, value]) => sum + Number(value), 0)
