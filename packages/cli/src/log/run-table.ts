import type { RunStatus, RunSummary } from 'antiphon'
import { oneLine } from '../terminal/neutralise.ts'
import type { Colors } from '../terminal/terminal.ts'

const STATUS_CHARS = 9

/** Runs in lines of columns: status, when something last happened, agent, id, and why it failed. */
export const runTable = (runs: readonly RunSummary[], colors: Colors): string[] => {
  const agents = runs.map(({ agent }) => oneLine(agent, 24))
  const agentChars = Math.max(...agents.map((agent) => agent.length))
  return runs.map(({ runId, status, updatedAt, error }, index) => {
    const when = new Date(updatedAt).toISOString().replace('T', ' ').slice(0, 19)
    const why = error === undefined ? '' : colors.dim(`  ${oneLine(`${error.code}: ${error.message}`, 60)}`)
    return [
      paint(status, colors),
      colors.dim(when),
      (agents[index] ?? '').padEnd(agentChars),
      `${oneLine(runId, 100)}${why}`,
    ].join('  ')
  })
}

const paint = (status: RunStatus, colors: Colors): string => {
  const text = status.padEnd(STATUS_CHARS)
  switch (status) {
    case 'done':
      return colors.green(text)
    case 'failed':
      return colors.red(text)
    case 'waiting':
      return colors.yellow(text)
    case 'running':
      return colors.cyan(text)
    case 'cancelled':
      return colors.dim(text)
  }
}
