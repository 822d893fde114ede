import { afterAll, beforeAll } from 'vitest'
import { durability } from '../../store/test/durability.ts'
import { inProcesses } from '../../store/test/durable-host.ts'
import { type PostgresServer, startPostgres } from '../../store/test/postgres-server.ts'
import { onDbos } from './on-dbos.ts'

let server: PostgresServer

beforeAll(async () => {
  server = await startPostgres()
}, 60_000)

afterAll(() => server?.stop())

// A second worker that is given a run waits for it: that is what a queue is for.
durability(
  inProcesses(
    onDbos(() => server),
    { refuses: false },
  ),
)
