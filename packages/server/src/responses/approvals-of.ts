import type { ResponseStore } from '@antiphon/store'
import type { Approvals } from '../upstream/upstream.ts'

/** Decisions about calls, for one tenant alone. */
export const approvalsOf = (responses: ResponseStore, tenant: string): Approvals => ({
  issue: (approval) => responses.insertApproval({ ...approval, tenant, createdAt: Date.now() }),
  get: (id) => responses.getApproval(tenant, id),
  use: (id) => responses.useApproval(tenant, id),
})
