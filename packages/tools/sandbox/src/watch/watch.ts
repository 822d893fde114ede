import { statfsSync, statSync } from 'node:fs'
import type { SandboxLimits } from '../limits.ts'
import type { SandboxEndReason } from '../sandbox.ts'
import { type DiskUse, diskUse, hiddenBytes } from './disk-use.ts'
import { memoryUse } from './memory-use.ts'
import { processTree } from './process-tree.ts'

const LOOK_MS = 100
/** The disk is asked less often, and never for more than a tenth of the time. */
const DISK_LOOK_MS = 400
const DISK_SHARE = 10
/** Below this the disk of a writable folder is full for a sandbox, whatever it may still write by its limits. */
const RESERVED_BYTES = 256 * 1024 * 1024
/** Bubblewrap's own processes, and some that are about to go. */
const OTHER_PROCESSES = 4

/** What is looked at. */
export interface Watched {
  /** The first process inside, as the host counts. */
  readonly pid: number
  readonly limits: SandboxLimits
  /** Host folders that it may write. */
  readonly folders: readonly string[]
  /** What they held when the sandbox was opened. */
  readonly before: DiskUse
  /** Called once, when a limit is passed or can no longer be watched. */
  onOver(reason: SandboxEndReason): void
}

/** Looks at what the kernel does not bound: all processes together, and folders of the host. Returns what ends it. */
export const watch = ({ pid, limits, folders, before, onOver }: Watched): (() => void) => {
  const devices = new Set(folders.map((folder) => statSync(folder).dev))
  let diskTimer: NodeJS.Timeout | undefined
  let isOver = false
  const stop = (): void => {
    isOver = true
    clearInterval(timer)
    clearTimeout(diskTimer)
  }
  const over = (reason: SandboxEndReason): void => {
    if (isOver) return
    stop()
    onOver(reason)
  }
  const timer = setInterval(() => {
    const pids = processTree(pid)
    if (pids.length > limits.processes + OTHER_PROCESSES) over('process_limit')
    else if (memoryUse(pids) > limits.memoryBytes) over('memory_limit')
    else if (filesInMemory(pid) > limits.files) over('disk_limit')
  }, LOOK_MS)
  const lookAtDisk = async (): Promise<void> => {
    const begun = performance.now()
    const now = await diskUse(folders)
    const hidden = hiddenBytes(processTree(pid), devices)
    if (isOver) return
    const isFull =
      now.bytes + hidden - before.bytes > limits.diskBytes ||
      now.files - before.files > limits.files ||
      folders.some((folder) => isAlmostFull(folder))
    if (isFull) over('disk_limit')
    else again(Math.max(DISK_LOOK_MS, (performance.now() - begun) * DISK_SHARE))
  }
  const again = (ms: number): void => {
    diskTimer = setTimeout(() => void lookAtDisk().catch(() => over('disk_limit')), ms)
  }
  if (folders.length > 0) again(DISK_LOOK_MS)
  return stop
}

/** Empty files cost no block of a file system in memory, and it knows no number that is too many. */
const filesInMemory = (pid: number): number => {
  const root = `/proc/${pid}/root`
  try {
    // Until bubblewrap has made the new root, it is our own, and what is in /tmp is ours.
    if (statSync(root).dev === statSync('/').dev) return 0
    const { files, ffree } = statfsSync(`${root}/tmp`)
    return files - ffree
  } catch {
    return 0
  }
}

const isAlmostFull = (folder: string): boolean => {
  const { bavail, bsize } = statfsSync(folder)
  return bavail * bsize < RESERVED_BYTES
}
