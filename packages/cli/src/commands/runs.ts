import { existsSync } from 'node:fs'
import type { Store } from '@antiphon/store'
import type { RunSummary } from 'antiphon'
import { CliError } from '../cli-error.ts'
import { EXIT, type ExitCode } from '../exit-code.ts'
import { jsonLine } from '../json-line.ts'
import { runLog } from '../log/read-log.ts'
import { runTable } from '../log/run-table.ts'
import type { RunsAction, RunsCommandOptions } from '../options.ts'
import { inSession, type Session } from '../session.ts'
import { neutralise } from '../terminal/neutralise.ts'
import { showLog } from './replay.ts'

/** `antiphon runs [list | show <id> | export <id> | cancel <id>]` */
export const runsCommand = (
  action: RunsAction,
  id: string | undefined,
  options: RunsCommandOptions,
): Promise<never> =>
  inSession(options, async (session) => {
    const store = await openStore(options.store)
    try {
      if (action === 'list') return await list(store, options, session)
      if (id === undefined)
        throw new CliError('usage', `antiphon runs ${action} needs the id of a run.`, {
          hint: 'antiphon runs lists them.',
        })
      if (action === 'export') return await exportLog(store, id, session)
      return action === 'show'
        ? await show(store, id, options, session)
        : await cancel(store, id, options, session)
    } finally {
      await store.close()
    }
  })

const openStore = async (file: string): Promise<Store> => {
  if (!existsSync(file))
    throw new CliError('usage', `There is no store ${file}.`, {
      hint: 'Name the SQLite file of your runs: antiphon runs --store path/to/runs.db',
    })
  // Loaded when it is needed: it brings a database.
  const { sqlite } = await import('@antiphon/store/sqlite')
  return sqlite(file)
}

const list = async (store: Store, options: RunsCommandOptions, session: Session): Promise<ExitCode> => {
  const { status, agent, limit = 50 } = options
  const runs = await store.list({
    limit,
    ...(status === undefined ? {} : { status }),
    ...(agent === undefined ? {} : { agent }),
  })
  const { report } = session
  if (options.json === true) {
    for (const run of runs) report.write(jsonLine({ type: 'run', ...run }))
    session.presenter.end({ exitCode: EXIT.done })
  } else if (runs.length === 0) session.presenter.note('There are no such runs.')
  else for (const line of runTable(runs, report.colors)) report.line(line)
  return EXIT.done
}

const show = async (
  store: Store,
  id: string,
  options: RunsCommandOptions,
  session: Session,
): Promise<ExitCode> => {
  const run = await need(store, id)
  const { report } = session
  if (options.json === true) report.write(jsonLine({ type: 'summary', ...run }))
  showLog(runLog(await store.read(id)), options, session)
  if (options.json === true) session.presenter.end({ exitCode: EXIT.done })
  else {
    const { status, error } = run
    const why = error === undefined ? '' : `: ${neutralise(error.message)} (${error.code})`
    report.line(report.colors.dim(`${status}${why}`))
  }
  return EXIT.done
}

const exportLog = async (store: Store, id: string, { report }: Session): Promise<ExitCode> => {
  await need(store, id)
  for await (const line of store.exportRun(id)) report.write(line)
  return EXIT.done
}

const cancel = async (
  store: Store,
  id: string,
  { reason, json }: RunsCommandOptions,
  { presenter, report }: Session,
): Promise<ExitCode> => {
  const { status } = await need(store, id)
  const cancelled = await store.cancel(id, reason)
  const exitCode = cancelled ? EXIT.done : EXIT.failed
  if (json === true) {
    const told = { type: 'cancel', runId: id, cancelled }
    report.write(jsonLine(told))
    presenter.end({ exitCode })
  } else if (cancelled) report.line(`Run ${neutralise(id)} is cancelled.`)
  else presenter.note(`Run ${neutralise(id)} is over already (${status}).`)
  return exitCode
}

const need = async (store: Store, id: string): Promise<RunSummary> => {
  const run = await store.get(id)
  if (run !== undefined) return run
  throw new CliError('usage', `The store has no run ${id}.`, { hint: 'antiphon runs lists them.' })
}
