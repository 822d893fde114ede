import { isAntiphonError, type Model } from 'antiphon'
import { chooseTools } from '../built-in-tools.ts'
import { chooseModel } from '../choose-model.ts'
import { CliError } from '../cli-error.ts'
import { EXIT } from '../exit-code.ts'
import { jsonLine } from '../json-line.ts'
import { loadAgent } from '../load-agent.ts'
import type { ServeCommandOptions } from '../options.ts'
import { inSession } from '../session.ts'

/** `antiphon serve [agent file]`: the agent, or without one the bare model, as `/v1/responses`, until Ctrl-C. */
export const serveCommand = (file: string | undefined, options: ServeCommandOptions): Promise<never> =>
  inSession(options, async ({ interrupt, presenter, report }) => {
    // Loaded when it is needed: it brings a database.
    const { serve } = await import('@antiphon/server')
    const served = file === undefined ? bareModel(options) : await loadAgent(file, options)
    const keys = keysOf(process.env)
    const webhook = webhookOf(options, process.env)
    const { tools, notes } = await chooseTools(options)
    for (const note of notes) presenter.note(note)
    const server = serve(served, {
      store: options.store,
      anyModel: options.anyModel === true,
      lenient: options.lenient === true,
      ...(tools.length === 0 ? {} : { tools }),
      ...(keys === undefined ? {} : { keys }),
      ...(webhook === undefined ? {} : { webhook }),
    })
    const { url } = await server.listen(options.port, options.host).catch((error: unknown) => {
      throw listenFailed(error, options)
    })
    const stopped = new Promise<void>((resolve) => interrupt.watch(resolve))
    if (options.json === true) report.write(jsonLine(listening(url, server.models)))
    else {
      report.line(`${server.models.join(', ')} at ${url}/v1/responses`)
      presenter.note(
        keys === undefined ? 'No API keys: only this machine can ask. Ctrl-C ends it.' : 'Ctrl-C ends it.',
      )
    }
    await stopped
    presenter.note('Ends with the answers that are under way. Ctrl-C again ends it at once.')
    await server.close()
    return EXIT.done
  })

const listening = (
  url: string,
  models: readonly string[],
): { type: 'listening'; [field: string]: unknown } => ({ type: 'listening', url: `${url}/v1`, models })

const bareModel = (options: ServeCommandOptions): Model => chooseModel(options)

/** One tenant, by the keys in ANTIPHON_SERVER_KEYS (separated by commas): a key in an argument could be seen by everybody on the machine. */
const keysOf = (env: NodeJS.ProcessEnv): Readonly<Record<string, readonly string[]>> | undefined => {
  const keys = (env.ANTIPHON_SERVER_KEYS ?? '')
    .split(',')
    .map((key) => key.trim())
    .filter((key) => key !== '')
  return keys.length === 0 ? undefined : { default: keys }
}

const webhookOf = (
  { webhook: url }: ServeCommandOptions,
  env: NodeJS.ProcessEnv,
): { url: string; secret: string } | undefined => {
  if (url === undefined) return undefined
  const secret = env.ANTIPHON_WEBHOOK_SECRET?.trim() ?? ''
  if (secret !== '') return { url, secret }
  throw new CliError(
    'usage',
    '--webhook needs the secret that signs what is sent, in ANTIPHON_WEBHOOK_SECRET.',
    {
      hint: 'Make one: export ANTIPHON_WEBHOOK_SECRET="whsec_$(openssl rand -base64 32)"',
    },
  )
}

/** What the system says of a port, in words. */
const listenFailed = (error: unknown, { port, host }: ServeCommandOptions): unknown => {
  const code = (error as NodeJS.ErrnoException | null)?.code
  const hint = 'Another port: --port <n>. Any free one: --port 0.'
  if (code === 'EADDRINUSE')
    return new CliError('usage', `Port ${port} of ${host} is taken.`, { hint, cause: error })
  if (code === 'EACCES')
    return new CliError('usage', `Port ${port} of ${host} is not for you.`, { hint, cause: error })
  if (code === 'EADDRNOTAVAIL' || code === 'ENOTFOUND')
    return new CliError('usage', `${host} is no address of this machine.`, { cause: error })
  if (isAntiphonError(error) && error.code === 'invalid_config')
    return new CliError('usage', `Without API keys only this machine may ask, so not on ${host}.`, {
      hint: 'Set ANTIPHON_SERVER_KEYS to one or more keys, separated by commas, or leave --host out.',
      cause: error,
    })
  return error
}
