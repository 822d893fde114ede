import type { FileStore, KeptHistory, ResponseStore } from '@antiphon/store'
import type { FileBounds } from '../files/file-options.ts'
import type { Upstream } from '../upstream/upstream.ts'
import type { HistoryHeads } from './history-heads.ts'
import type { LiveResponse } from './live-response.ts'
import type { TenantRuns } from './tenant-runs.ts'
import type { Turnstile } from './turnstile.ts'

/** What all handlers of responses and conversations work with. */
export interface Responder {
  /** What answers, by the name of the model. */
  readonly upstreams: ReadonlyMap<string, Upstream>
  readonly fallback: Upstream
  readonly responses: ResponseStore
  readonly history: KeptHistory
  /** Where runs of background responses are kept. */
  readonly runs: TenantRuns
  readonly files: FileStore
  readonly fileBounds: FileBounds
  readonly heads: HistoryHeads
  /** Responses that this process runs, by tenant and id. */
  readonly live: Map<string, LiveResponse>
  /** Background responses at once. */
  readonly turnstile: Turnstile
  readonly options: ResponderOptions
  /** Told of what a client is not told. */
  readonly onError: (
    error: unknown,
    about: { readonly responseId?: string; readonly tenant?: string },
  ) => void
  /** A background response has ended. */
  readonly onEnded?: (tenant: string, response: import('@antiphon/client').Response) => void
}

interface ResponderOptions {
  /** How long a foreground response goes on without its client, in milliseconds. */
  readonly disconnectGraceMs: number
  /** How long a stored response is kept, in milliseconds. */
  readonly keepMs: number
  /** Parameters that cannot be honoured are left out with a warning, in the place of a refusal. */
  readonly lenient: boolean
  /** A request may name any model. */
  readonly anyModel: boolean
}

/** Name of a live response. */
export const liveKey = (tenant: string, id: string): string => `${tenant}\n${id}`
