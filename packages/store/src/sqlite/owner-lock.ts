import { randomBytes } from 'node:crypto'
import { existsSync, readdirSync, rmSync } from 'node:fs'
import { basename, dirname } from 'node:path'
import type { OpenConnection, SqliteConnection } from './driver.ts'

/**
 * A small file beside the database that one process keeps locked: as long as it is locked, the process is alive. The operating system releases the lock with the
 * process, also after kill −9; so neither a clock nor a process id is asked, and it holds between containers that share a folder.
 *
 * The lock is an exclusive transaction of SQLite on that file, since Node has no lock of files.
 */
export interface OwnerLock {
  readonly owner: string
  release(): void
}

const OWN: unique symbol = Symbol.for('antiphon.store.owners')
/**
 * Owners of this process, for all copies of this package in it. Their files are never opened a second time: by POSIX, a process that closes any handle of a file loses
 * all its locks on it.
 */
const own = ownersOfProcess()

/** Takes a name and locks its file. Removes the files of processes that could not do so themselves. */
export const takeOwner = (path: string, open: OpenConnection): OwnerLock => {
  if (path === ':memory:') return { owner: newOwner(), release: () => undefined }
  for (const left of ownersBeside(path)) isOwnerAlive(path, left, open)
  for (;;) {
    const owner = newOwner()
    const file = fileOf(path, owner)
    const connection = tryLock(file, open)
    if (connection === undefined) continue
    own.add(owner)
    return {
      owner,
      release() {
        own.delete(owner)
        connection.close()
        rmSync(file, { force: true })
      },
    }
  }
}

/** Whether somebody holds the lock of an owner; removes the file when nobody does. */
export const isOwnerAlive = (path: string, owner: string, open: OpenConnection): boolean => {
  if (own.has(owner)) return true
  if (path === ':memory:' || !/^[0-9a-f]+$/.test(owner)) return false
  const file = fileOf(path, owner)
  if (!existsSync(file)) return false
  const connection = open(file)
  try {
    // A lock that several may have at once, but not beside an exclusive one.
    connection.exec('begin')
    connection.prepare('select count(*) from sqlite_master').all([])
  } catch {
    connection.close()
    return true
  }
  // While the shared lock is held, nobody can take the file for itself.
  rmSync(file, { force: true })
  connection.close()
  return false
}

function ownersOfProcess(): Set<string> {
  const scope = globalThis as { [OWN]?: Set<string> }
  scope[OWN] ??= new Set()
  return scope[OWN]
}

const newOwner = (): string => randomBytes(8).toString('hex')

const fileOf = (path: string, owner: string): string => `${path}-owner-${owner}`

const ownersBeside = (path: string): string[] => {
  const prefix = basename(fileOf(path, ''))
  return readdirSync(dirname(path)).flatMap((name) =>
    /^[0-9a-f]{16}$/.test(name.slice(prefix.length)) && name.startsWith(prefix)
      ? [name.slice(prefix.length)]
      : [],
  )
}

/** Undefined when somebody who tidies up was faster. */
const tryLock = (file: string, open: OpenConnection): SqliteConnection | undefined => {
  const connection = open(file)
  try {
    connection.prepare('pragma journal_mode = memory').all([])
    connection.exec('begin exclusive')
    if (existsSync(file)) return connection
  } catch (error) {
    connection.close()
    if (/locked|busy/i.test(String(error))) return undefined
    throw error
  }
  connection.close()
  return undefined
}
