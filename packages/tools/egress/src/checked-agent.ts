import type { Agent } from 'undici'
import { checkTarget } from './check-target.ts'
import type { EgressPolicy } from './egress-policy.ts'
import { pinnedLookup } from './pinned-lookup.ts'

type Undici = typeof import('undici')

/** What bounds the connections of one agent. */
export interface CheckedAgentOptions {
  readonly policy: EgressPolicy
  /** To connect, the look-up included. */
  readonly connectTimeoutMs: number
  /** Between two pieces of an answer. */
  readonly idleTimeoutMs: number
}

/**
 * Connections that are checked when they are made: the name is looked up once, every address is checked, and the socket gets these addresses and no other.
 *
 * A connection that is kept open goes where it was checked to go, so it is used again without a look-up.
 */
export const checkedAgent = (
  { Agent: UndiciAgent, buildConnector }: Undici,
  { policy, connectTimeoutMs, idleTimeoutMs }: CheckedAgentOptions,
): Agent =>
  new UndiciAgent({
    headersTimeout: 0, // the caller's timer ends it
    bodyTimeout: idleTimeoutMs,
    connect: (options, callback) => {
      checkTarget(`${options.protocol}//${options.host}`, policy).then(
        ({ addresses }) =>
          buildConnector({ lookup: pinnedLookup(addresses), timeout: connectTimeoutMs })(options, callback),
        (error: Error) => callback(error, null),
      )
    },
  })
