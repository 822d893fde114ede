import { randomInt } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { SandboxError } from '../sandbox-error.ts'

/** Whom the processes of a sandbox are on the host. */
export interface SandboxUser {
  readonly uid: number
  readonly gid: number
}

/**
 * Where users of sandboxes are looked for: numbers that nothing else gives out, and, where we are ourselves in a namespace that has few, those between people and services.
 */
const RANGES = [
  { first: 0x7000_0000, count: 0x0800_0000 },
  { first: 30_000, count: 30_000 },
]

/**
 * A user of its own for a sandbox, where we are root and may take one: root escapes the limit on processes, and two sandboxes of one user could see each other's files and share its
 * limits. Undefined where we are not root: then its processes are ours.
 *
 * @throws SandboxError `sandbox_unavailable` when we are root with no other user.
 */
export const chooseUser = (): SandboxUser | undefined => {
  if (process.getuid?.() !== 0) return undefined
  const range = RANGES.find((each) => isMapped('uid', each) && isMapped('gid', each))
  if (range === undefined)
    throw new SandboxError(
      'sandbox_unavailable',
      'This process is root in a namespace that has no other users, and programs are never run as root. Start it as a user, or give its container more users.',
    )
  // Of many millions; and no process of that user is there.
  const uid = range.first + randomInt(range.count)
  return { uid, gid: uid }
}

/** True when our own namespace has all of these numbers. */
const isMapped = (kind: 'uid' | 'gid', { first, count }: (typeof RANGES)[number]): boolean =>
  readFileSync(`/proc/self/${kind}_map`, 'latin1')
    .trim()
    .split('\n')
    .some((line) => {
      const [from = 0, , length = 0] = line.trim().split(/\s+/).map(Number)
      return from <= first && first + count <= from + length
    })
