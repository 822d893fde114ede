import { McpError } from '../mcp-error.ts'

/** Stops to wait when the signal aborts. The work itself goes on, as others may wait for it. */
export const unlessAborted = async <T>(signal: AbortSignal | undefined, work: Promise<T>): Promise<T> => {
  if (signal === undefined) return work
  let stop = (): void => {}
  const aborted = new Promise<never>((_, reject) => {
    stop = () => reject(new McpError('mcp_cancelled', 'The run was cancelled while an MCP server was asked.'))
  })
  // Nobody else looks at it where the signal won.
  work.catch(() => {})
  if (signal.aborted) stop()
  else signal.addEventListener('abort', stop, { once: true })
  try {
    return await Promise.race([aborted, work])
  } finally {
    signal.removeEventListener('abort', stop)
  }
}
