import { randomUUID } from 'node:crypto'
import { fileURLToPath } from 'node:url'
import { createEngine, type Engine as Queue } from '@antiphon/dbos'
import type { Store } from '@antiphon/store'
import { postgres } from '@antiphon/store/postgres'
import type { Engine } from '../../store/test/engines.ts'
import type { PostgresServer } from '../../store/test/postgres-server.ts'
import type { QueuePlace } from './programs/place.ts'

const file = (path: string): string => fileURLToPath(new URL(path, import.meta.url))

/** Workers of DBOS, for the suites of runs that survive. Nothing in the process of a test works on runs: DBOS is one per process. */
export const onDbos = (server: () => PostgresServer): Engine => ({
  name: 'DBOS',
  programs: {
    durable: file('./programs/durable-main.ts'),
    journey: file('./programs/journey-main.ts'),
    home: file('..'),
  },
  make: async () => {
    const place: QueuePlace = {
      databaseUrl: await server().schema(),
      systemSchema: `d_${randomUUID().replaceAll('-', '')}`,
    }
    const handles: (Store | Queue)[] = []
    const kept = <T extends Store | Queue>(handle: T): T => {
      handles.push(handle)
      return handle
    }
    const open = (): Store => kept(postgres(place.databaseUrl))
    let reader: Store | undefined
    const closeHandles = async (): Promise<void> => {
      reader = undefined
      await Promise.all(handles.splice(0).map((handle) => handle.close()))
    }
    return {
      target: JSON.stringify(place),
      open,
      reader: () => {
        reader ??= open()
        return reader
      },
      outside: () => {
        const queue = kept(createEngine(place))
        return {
          cancel: queue.cancel,
          decide: (runId, decisions) => queue.resume(runId, decisions),
          follow: queue.follow,
        }
      },
      closeHandles,
      close: closeHandles,
    }
  },
})
