import type { Readable } from 'node:stream'

/** What bubblewrap tells of itself, while it does. */
export interface Status {
  /** The first process inside, as the host counts. */
  readonly pid: number | undefined
  /** Of the program; undefined when it was never begun, or not yet ended. */
  readonly exitCode: number | undefined
  readonly whenRead: Promise<void>
}

/** Reads `--json-status-fd`: one object a line. */
export const readStatus = (stream: Readable, onStarted: (pid: number) => void): Status => {
  const status: { pid?: number; exitCode?: number } = {}
  let text = ''
  stream.setEncoding('utf8')
  stream.on('data', (chunk: string) => {
    const lines = (text + chunk).split('\n')
    text = lines.pop() ?? ''
    for (const line of lines) {
      if (line.trim() === '') continue
      const told = JSON.parse(line) as { 'child-pid'?: number; 'exit-code'?: number }
      if (told['exit-code'] !== undefined) status.exitCode = told['exit-code']
      if (told['child-pid'] === undefined) continue
      status.pid = told['child-pid']
      onStarted(status.pid)
    }
  })
  const whenRead = new Promise<void>((resolve) => {
    stream.once('close', resolve)
    stream.on('error', () => resolve())
  })
  return {
    get pid() {
      return status.pid
    },
    get exitCode() {
      return status.exitCode
    },
    whenRead,
  }
}
