import type { EndValue, OpenRun, RunStatus } from 'antiphon'

/** How a run stands by its log. */
export const statusOf = ({ records }: OpenRun): RunStatus => {
  const last = records.at(-1)
  if (last?.kind === 'wait') return 'waiting'
  if (last?.kind !== 'end') return 'running'
  return (last.value as EndValue).stop.reason === 'cancelled' ? 'cancelled' : 'done'
}

/** Gives back a run that was opened for something else than to run it. */
export const letGo = (open: OpenRun): Promise<void> => open.close(statusOf(open))
