import { afterAll, beforeAll } from 'vitest'
import { durability } from './durability.ts'
import { inOneProcess, inProcesses } from './durable-host.ts'
import { onPostgres } from './engines.ts'
import { everyPoint } from './every-point.ts'
import { type PostgresServer, startPostgres } from './postgres-server.ts'

let server: PostgresServer

beforeAll(async () => {
  server = await startPostgres()
}, 60_000)

afterAll(() => server?.stop())

const engine = onPostgres(() => server)
durability(inOneProcess(engine))
durability(inProcesses(engine))
everyPoint(engine, { handles: 7, processes: 14 })
