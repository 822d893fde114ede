/** `@antiphon/sandbox`: programs without network, host files or environment, within limits. */

export {
  type BeneathFile,
  type BeneathLimits,
  listBeneath,
  openBeneath,
  partsBeneath,
  removeBeneath,
  writeBeneath,
} from './files/open-beneath.ts'
export { defaultLimits, type SandboxLimits } from './limits.ts'
export { openSandbox } from './open-sandbox.ts'
export {
  openQuickJs,
  type QuickJs,
  type QuickJsEvaluation,
  type QuickJsOptions,
  type QuickJsResult,
} from './quick-js/open-quick-js.ts'
export type {
  Sandbox,
  SandboxCommand,
  SandboxEnd,
  SandboxEndReason,
  SandboxMount,
  SandboxOptions,
  SandboxProcess,
  SandboxResult,
  SandboxRun,
} from './sandbox.ts'
export { SandboxError, type SandboxErrorCode } from './sandbox-error.ts'
export type { SandboxUser } from './user/choose-user.ts'
