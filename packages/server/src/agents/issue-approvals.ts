import { AntiphonError, ConfigError, type PendingCall } from 'antiphon'
import { callIdOf } from '../upstream/item-id.ts'
import type { AnswerContext } from '../upstream/upstream.ts'
import type { AnswerWriter } from './answer-writer.ts'

/** Whose calls wait, and who tells it. */
interface Asking {
  readonly writer: AnswerWriter
  readonly context: AnswerContext
  readonly label: string
  /** The response was told before, in part at least. */
  readonly isRetold: boolean
}

/**
 * Keeps a request for the approval of each call of the agent that waits, then shows it: who sees it can decide at once.
 *
 * @throws AntiphonError `approval_needed` for a call inside a sub-agent, whose state no later request could bring back.
 */
export const issueApprovals = async (pending: readonly PendingCall[], asking: Asking): Promise<void> => {
  const { writer, context, label, isRetold } = asking
  const nested = pending.find(({ path }) => path !== undefined)
  if (nested !== undefined)
    throw new AntiphonError(
      'approval_needed',
      `${nested.name} waits for a decision inside a sub-agent of "${label}". Give the approval to the tool that runs the sub-agent, or hand over to it.`,
    )
  const own = pending.filter(
    ({ kind, itemType }) => kind === 'approval' && itemType !== 'mcp_approval_request',
  )
  for (const call of own) {
    const request = writer.requestFor(call)
    const issued = context.approvals.issue({
      id: request.id,
      responseId: context.responseId,
      callId: callIdOf(request.id),
      name: call.name,
      hash: call.hash,
    })
    await (isRetold ? issued.catch(ignoreKept) : issued)
    writer.ask(call.callId, request)
  }
}

/** It was kept when it was told first, and may have been used since: that stays so. */
const ignoreKept = (error: unknown): void => {
  if (!(error instanceof ConfigError)) throw error
}
