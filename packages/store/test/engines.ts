// The stores that the suites of runs are tried on.
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Store } from '@antiphon/store'
import { postgres } from '@antiphon/store/postgres'
import { sqlite } from '@antiphon/store/sqlite'
import { memoryRuns, type RunStore } from 'antiphon'
import type { PostgresServer } from './postgres-server.ts'

/** What is done with a run from outside of the processes that work on it. */
export type Outside = Pick<RunStore, 'cancel' | 'decide' | 'follow'>

/** Where the runs of a test are kept. */
export interface Place {
  /** A handle of its own on the same runs. */
  open(): RunStore
  /** The one handle for whoever only looks, as often as that may be. */
  reader(): RunStore
  /** A hand of its own on the same runs. */
  outside(): Outside
  /** Where another process finds them. */
  readonly target?: string
  /** Closes the handles, and keeps the runs. */
  closeHandles(): Promise<void>
  close(): Promise<void>
}

/** Entries of programs that work on runs; they take and say what those in ./programs do. */
export interface Programs {
  readonly durable: string
  readonly journey: string
  /** Folder of the package whose dependencies they use. */
  readonly home: string
}

/** A way to keep runs that is tried. */
export interface Engine {
  readonly name: string
  /** Who works on runs in processes of their own. @defaultValue a store alone */
  readonly programs?: Programs
  make(): Promise<Place>
}

/** A place in a store that all processes find by its target. */
const placeOf = (target: string, make: (target: string) => Store, remove: () => void): Place => {
  const handles: Store[] = []
  let reader: Store | undefined
  const closeHandles = async (): Promise<void> => {
    reader = undefined
    await Promise.all(handles.splice(0).map((store) => store.close()))
  }
  const open = (): Store => {
    const store = make(target)
    handles.push(store)
    return store
  }
  return {
    target,
    open,
    reader: () => {
      reader ??= open()
      return reader
    },
    outside: open,
    closeHandles,
    close: async () => {
      await closeHandles()
      remove()
    },
  }
}

export const inMemory: Engine = {
  name: 'memory',
  make: async () => {
    const store = memoryRuns()
    const nothing = async (): Promise<void> => undefined
    const open = () => store
    return { open, reader: open, outside: open, closeHandles: nothing, close: nothing }
  },
}

export const onSqlite: Engine = {
  name: 'SQLite',
  make: async () => {
    const folder = mkdtempSync(join(tmpdir(), 'antiphon-durable-'))
    return placeOf(join(folder, 'store.db'), sqlite, () => rmSync(folder, { recursive: true }))
  },
}

export const onPostgres = (server: () => PostgresServer): Engine => ({
  name: 'Postgres',
  make: async () => placeOf(await server().schema(), postgres, () => undefined),
})
