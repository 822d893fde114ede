import type { Store } from '@antiphon/store'
import { postgres } from '@antiphon/store/postgres'
import { sqlite } from '@antiphon/store/sqlite'

/** The store at a place: the address of a Postgres database, or a file. */
export const storeAt = (target: string): Store =>
  target.startsWith('postgres://') ? postgres(target) : sqlite(target)
