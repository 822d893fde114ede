import { readdirSync, statSync } from 'node:fs'
import type { SandboxUser } from './choose-user.ts'

/** How often it is looked again, since what is killed may be about to have a child. */
const ROUNDS = 5

/** Kills whatever is left of a user that only a sandbox has. The namespace of a sandbox dies with its first process; this is for what a crash in between leaves. */
export const endUser = ({ uid }: SandboxUser): void => {
  for (let round = 0; round < ROUNDS; round += 1) {
    const left = readdirSync('/proc').filter((name) => /^\d+$/.test(name) && isOf(name, uid))
    if (left.length === 0) return
    for (const name of left) kill(Number(name))
  }
}

const isOf = (name: string, uid: number): boolean => {
  // It may end while we look.
  return statSync(`/proc/${name}`, { throwIfNoEntry: false })?.uid === uid
}

const kill = (pid: number): void => {
  try {
    process.kill(pid, 'SIGKILL')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error
  }
}
