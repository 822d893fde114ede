import { errorText } from '../errors/error-text.ts'
/** What a check says: nothing or true lets it pass; `block` stops it, with the reason. A check that throws blocks, too. */
export type Verdict = { readonly block: string } | true | undefined

/** Why something is blocked, and what was thrown, if that is why. */
export interface BlockReason {
  readonly text: string
  readonly cause?: unknown
}

/** Asks a check; undefined when it lets pass. Never rejects: a check that fails has not said yes. */
export const blockReason = async (
  check: () => Verdict | Promise<Verdict>,
): Promise<BlockReason | undefined> => {
  try {
    const verdict = await check()
    return typeof verdict === 'object' ? { text: verdict.block } : undefined
  } catch (cause) {
    return { text: errorText(cause), cause }
  }
}
