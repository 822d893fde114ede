import type { Approvals } from '../upstream/upstream.ts'
import type { Responder } from './responder.ts'

/** Decisions about calls, for one tenant alone, used by one response. Asked again after a crash, that response may use what it has used. */
export const approvalsOf = (
  { responses, options }: Pick<Responder, 'responses' | 'options'>,
  tenant: string,
  responseId: string,
): Approvals => ({
  issue: (approval) => {
    const createdAt = Date.now()
    return responses.insertApproval({ ...approval, tenant, createdAt, expiresAt: createdAt + options.keepMs })
  },
  get: (id) => responses.getApproval(tenant, id, responseId),
  use: (id) => responses.useApproval(tenant, id, responseId),
})
