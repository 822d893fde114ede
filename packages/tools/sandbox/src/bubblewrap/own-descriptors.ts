import type { StdioOptions } from 'node:child_process'
import { closeSync, openSync, readdirSync, readFileSync } from 'node:fs'

/** What a descriptor has that is closed when a program is started (fcntl.h, octal as the kernel shows it). */
const CLOSES_ON_EXEC = 0o2000000

/**
 * Pipes for the first descriptors of a child, and nothing else of ours. Node closes its own files for a child, but not those that were open when it was started: a shell or a supervisor
 * may have left some. In the child each of these is /dev/null.
 */
export const onlyOurs = (pipes: number): { readonly stdio: StdioOptions; close(): void } => {
  const stdio: ('pipe' | 'ignore' | number)[] = Array(pipes).fill('pipe')
  const strays = inheritable().filter((descriptor) => descriptor >= pipes)
  if (strays.length === 0) return { stdio, close: () => {} }
  const nothing = openSync('/dev/null', 'r')
  for (const stray of strays) {
    while (stdio.length < stray) stdio.push('ignore')
    stdio[stray] = nothing
  }
  return { stdio, close: () => closeSync(nothing) }
}

const inheritable = (): readonly number[] =>
  readdirSync('/proc/self/fd')
    .map(Number)
    .filter((descriptor) => (flagsOf(descriptor) & CLOSES_ON_EXEC) === 0)
    .sort((a, b) => a - b)

const flagsOf = (descriptor: number): number => {
  try {
    const [, flags = ''] =
      /^flags:\s+(\d+)/m.exec(readFileSync(`/proc/self/fdinfo/${descriptor}`, 'latin1')) ?? []
    return Number.parseInt(flags, 8)
  } catch {
    // The one that the folder was read by.
    return CLOSES_ON_EXEC
  }
}
