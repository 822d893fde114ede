import { afterAll, beforeAll } from 'vitest'
import { everyPoint } from '../../store/test/every-point.ts'
import { type PostgresServer, startPostgres } from '../../store/test/postgres-server.ts'
import { onDbos } from './on-dbos.ts'

let server: PostgresServer

beforeAll(async () => {
  server = await startPostgres()
}, 60_000)

afterAll(() => server?.stop())

const engine = onDbos(() => server)
// A worker that plays dead in the process of the test would keep the next one from being there.
everyPoint(
  { ...engine, name: `${engine.name}, which is one per process: processes only` },
  { processes: 10, peaceful: 6 },
)
