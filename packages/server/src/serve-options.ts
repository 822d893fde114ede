import type { Store } from '@antiphon/store'
import type { Agent, BuiltInTool, Model } from 'antiphon'
import type { FileOptions } from './files/file-options.ts'
import type { TenantKeys } from './tenants/api-keys.ts'
import type { TenantLimits } from './tenants/limits.ts'
import type { Upstream } from './upstream/upstream.ts'
import type { WebhooksOptions } from './webhooks/webhooks.ts'

/** What can be served. */
export type Served = Model | Agent<unknown> | Upstream

/** How it is served. */
export interface ServeOptions {
  /**
   * Where responses, conversations and runs are kept: a SQLite file, the address of a Postgres database (`postgres://…`), a store that you have, or `'memory'`.
   *
   * @defaultValue '.antiphon/server.db'
   */
  readonly store?: string | Store
  /**
   * Built-in tools that run here, for every request that declares one: `[webSearch(), codeInterpreter()]`. What they offer beside responses (`/v1/vector_stores`, `/v1/containers`)
   * is offered, too.
   *
   * @defaultValue none: declarations go to the model as they are
   */
  readonly tools?: readonly BuiltInTool[]
  /** API keys, by tenant: as they are, or as `hashKey` gives them; or a function. Without keys everybody is the tenant `local`, and only this machine can ask. */
  readonly keys?: TenantKeys
  /** What one tenant may use at most. @defaultValue no limits */
  readonly limits?: TenantLimits | ((tenant: string) => TenantLimits | undefined)
  /** Parameters that cannot be honoured are left out, and a header `x-antiphon-warning` says so, in the place of a 400. @defaultValue false */
  readonly lenient?: boolean
  /** A request may name any model, and the first one answers. @defaultValue false: 400 `model_not_found` */
  readonly anyModel?: boolean
  /** Background responses at once. @defaultValue 16 */
  readonly backgroundConcurrency?: number
  /** How long a foreground response goes on when its client has gone, in milliseconds. @defaultValue 0 */
  readonly disconnectGraceMs?: number
  /** How long stored responses are kept, in days. @defaultValue 30 */
  readonly keepDays?: number
  /** How often to look for background responses of processes that are gone, in milliseconds. @defaultValue 1000 */
  readonly keeperMs?: number
  /** What files that are sent here (`/v1/files`) may be, and take. */
  readonly files?: FileOptions
  /** Bytes of a request body at most. @defaultValue 20 MiB */
  readonly maxBodyBytes?: number
  /** Bytes of an uploaded file at most. @defaultValue 512 MiB */
  readonly maxUploadBytes?: number
  /** A quiet stream gets a comment this often, in milliseconds. @defaultValue 15000 */
  readonly keepAliveMs?: number
  /** Origins of web pages that may ask. @defaultValue none */
  readonly cors?: readonly string[]
  /** Answers WebSockets at `/v1/responses`, too. @defaultValue true */
  readonly webSocket?: boolean
  /** Where to tell of finished background responses, and the secret (`whsec_…`) that signs what is sent. What does not arrive is told to `onError`. */
  readonly webhook?: WebhooksOptions
  /** Told of failures that clients are told of only in general. @defaultValue a line on standard error */
  onError?(
    error: unknown,
    about: { readonly responseId?: string; readonly tenant?: string; readonly requestId?: string },
  ): void
}
