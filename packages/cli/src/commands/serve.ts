import type { Model } from 'antiphon'
import { chooseModel } from '../choose-model.ts'
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
    const keys = keysOf(options, process.env)
    const server = serve(served, {
      store: options.store,
      anyModel: options.anyModel === true,
      lenient: options.lenient === true,
      ...(keys === undefined ? {} : { keys }),
      ...(options.webhook === undefined
        ? {}
        : { webhook: { url: options.webhook, secret: process.env.ANTIPHON_WEBHOOK_SECRET ?? '' } }),
    })
    const stopped = new Promise<void>((resolve) => interrupt.watch(resolve))
    const { url } = await server.listen(options.port, options.host)
    if (options.json === true)
      report.write(jsonLine({ type: 'listening', url: `${url}/v1`, models: server.models }))
    else {
      report.line(`${server.models.join(', ')} at ${url}/v1/responses`)
      presenter.note(
        keys === undefined ? 'No API keys: only this machine can ask. Ctrl-C ends it.' : 'Ctrl-C ends it.',
      )
    }
    await stopped
    await server.close()
    return EXIT.done
  })

const bareModel = (options: ServeCommandOptions): Model => chooseModel(options)

/** One tenant, by the keys in ANTIPHON_SERVER_KEYS (separated by commas): a key in an argument could be seen by everybody on the machine. */
const keysOf = (
  _options: ServeCommandOptions,
  env: NodeJS.ProcessEnv,
): Readonly<Record<string, readonly string[]>> | undefined => {
  const keys = (env.ANTIPHON_SERVER_KEYS ?? '')
    .split(',')
    .map((key) => key.trim())
    .filter((key) => key !== '')
  return keys.length === 0 ? undefined : { default: keys }
}
