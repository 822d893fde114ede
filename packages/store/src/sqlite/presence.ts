import { type Presence, Wakeups } from '../presence.ts'
import type { OpenConnection } from './driver.ts'
import { isOwnerAlive, type OwnerLock, takeOwner } from './owner-lock.ts'
import { sqliteError } from './sqlite-error.ts'

/** Presence at a file: a lock says who is alive; news come at once within a process, and by looking between processes. */
export const sqlitePresence = (path: string, driver: () => OpenConnection): Presence => {
  const wakeups = new Wakeups()
  let lock: OwnerLock | undefined
  const typed = <T>(work: () => T): T => {
    try {
      return work()
    } catch (error) {
      throw sqliteError(error, path)
    }
  }
  return {
    pollMs: 40,
    async owner() {
      lock ??= typed(() => takeOwner(path, driver()))
      return lock.owner
    },
    async isAlive(owner) {
      return owner === lock?.owner || typed(() => isOwnerAlive(path, owner, driver()))
    },
    wake: (topic) => wakeups.wake(topic),
    onWake(topic, awake) {
      wakeups.add(topic, awake)
      return () => void wakeups.remove(topic, awake)
    },
    async close() {
      lock?.release()
      lock = undefined
    },
  }
}
