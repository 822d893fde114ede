import type { SandboxLimits } from '../limits.ts'

/** What bubblewrap itself needs beside the program. */
const OWN_PROCESSES = 4

/**
 * Arguments of `prlimit` around bubblewrap: they hold for its own process inside, too, which a program there could make its own. The limit on processes counts all of a user, so it can
 * only stand here where the sandbox has a user of its own.
 */
export const outerLimits = (limits: SandboxLimits, hasOwnUser: boolean): readonly string[] => [
  `--cpu=${limits.cpuSeconds}:${limits.cpuSeconds + 1}`,
  `--data=${limits.memoryBytes}`,
  `--fsize=${limits.fileBytes}`,
  `--nofile=${limits.openFiles}`,
  ...['--core=0', '--msgqueue=0', '--memlock=65536'],
  ...(hasOwnUser ? [`--nproc=${limits.processes + OWN_PROCESSES}`] : []),
]

/** Arguments of `prlimit` around the program, inside: there it counts what is inside. */
export const innerLimits = (limits: SandboxLimits): readonly string[] => [`--nproc=${limits.processes}`]
