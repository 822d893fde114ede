export { type CheckedTarget, checkTarget, checkUrl } from './check-target.ts'
export { EgressError, type EgressErrorCode } from './egress-error.ts'
export type { EgressPolicy } from './egress-policy.ts'
export { type EgressAnswer, type EgressRequest, egressRequest } from './egress-request.ts'
