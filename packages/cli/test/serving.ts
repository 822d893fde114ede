import OpenAI from 'openai'
import { type Ended, jsonLines, type Started, startCli } from './start-cli.ts'

export interface Serving extends Started {
  /** Base URL, with `/v1`. */
  readonly url: string
  readonly models: readonly string[]
  openai(apiKey?: string): OpenAI
  /** Ctrl-C, and how it ended. */
  stop(): Promise<Ended>
}

/** Starts `antiphon serve --json`, and waits until it listens. */
export const serving = async (
  args: readonly string[] = [],
  env: Record<string, string> = {},
): Promise<Serving> => {
  const store = args.includes('--store') ? [] : ['--store', 'memory']
  const started = startCli(['serve', '--json', '--port', '0', ...store, ...args], { env })
  const line = await firstLine(started)
  const { url, models } = jsonLines(line)[0] as unknown as Serving
  return {
    ...started,
    url,
    models,
    openai: (apiKey = 'any') => new OpenAI({ baseURL: url, apiKey, maxRetries: 0 }),
    stop: () => {
      started.child.kill('SIGINT')
      return started.ended
    },
  }
}

const firstLine = ({ child, ended }: Started): Promise<string> =>
  new Promise((resolve, reject) => {
    let text = ''
    child.stdout.on('data', (chunk: string) => {
      text += chunk
      if (text.includes('\n')) resolve(text.slice(0, text.indexOf('\n')))
    })
    void ended.then(({ code, stderr }) => reject(new Error(`It ended with ${code}:\n${stderr}`)))
  })
