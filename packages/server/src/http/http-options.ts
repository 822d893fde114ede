import type { Principal } from '../tenants/principal.ts'
import type { CorsOptions } from './cors.ts'
import type { BodyLimits } from './read-body.ts'
import type { Route } from './router.ts'

/** Where something went wrong, or was worth a warning. */
export interface RequestFacts {
  readonly requestId: string
  readonly method: string
  readonly path: string
}

/** What every way of serving HTTP needs. */
export interface HttpOptions extends CorsOptions, BodyLimits {
  readonly routes: readonly Route[]
  /** What stands before the paths of all routes. @defaultValue `/v1` */
  readonly basePath?: string
  /** Says who asks, or throws a `ServeError`. @defaultValue everybody is the tenant `'local'` */
  authenticate?(headers: Headers): Principal | Promise<Principal>
  /** Tells how long a handler took, in `openai-processing-ms`. @defaultValue false */
  readonly tellsTime?: boolean
  /** Told of every error that its client gets no details of. */
  onError?(error: unknown, facts: RequestFacts): void
  /** Told of every warning. */
  onWarning?(text: string, facts: RequestFacts): void
  /** How long a stream may be quiet before it gets a comment; 0 for no comments. @defaultValue 15,000 */
  readonly keepAliveMs?: number
  /** A reader of a stream that takes nothing for so long is cut off. @defaultValue 300,000 */
  readonly stallTimeoutMs?: number
}

/** Who everybody is where there are no keys. */
export const LOCAL: Principal = { tenant: 'local' }
