import type { Response, ResponseRequest } from '@antiphon/client'
import type { HistoryPoint } from 'antiphon'

/** How a response stands, in the wire's words. */
export type ResponseStatus = NonNullable<Response['status']>

/** A response as a server keeps it. The tenant is part of every key: what belongs to another one is not there. */
export interface StoredResponse {
  readonly tenant: string
  readonly id: string
  readonly status: ResponseStatus
  /** As it was told last; of a response under way, as it began. */
  readonly response: Response
  /** What was asked, to be asked again by another process. Without secrets. */
  readonly request: ResponseRequest
  readonly background: boolean
  readonly conversation?: string
  /** The history that it goes on from; undefined where it begins one. */
  readonly before?: HistoryPoint
  /** The history with its own input and output, one turn. Set when it has ended. */
  readonly output?: HistoryPoint
  /** How many items of that turn are its own input. */
  readonly inputCount: number
  /** Counted up by each process that takes it; who has an older number can write nothing. */
  readonly epoch: number
  readonly createdAt: number
  readonly updatedAt: number
  /** From when on it may be removed. Milliseconds since 1970. */
  readonly expiresAt?: number
}

/** A response that begins. The process that inserts it has it, with epoch 1. */
export type NewStoredResponse = Omit<StoredResponse, 'epoch' | 'updatedAt'> & {
  /** `Idempotency-Key` of the request with a hash of its body: a second request with both the same gets the first one's response. Kept as long as the response. */
  readonly idempotency?: { readonly key: string; readonly bodyHash: string }
}

/** What changes. */
export type ResponseChange = Partial<Pick<StoredResponse, 'status' | 'response' | 'output' | 'expiresAt'>>

/** When a change happens, and otherwise not. */
export interface ChangeCondition {
  /** It stands so still. */
  readonly status?: readonly ResponseStatus[]
  /** Nobody has taken it since. */
  readonly epoch?: number
}

/** Events of a response that were written at once, as the text that goes over the wire: whole SSE frames, one after the other. */
export interface EventFrames {
  /** `sequence_number` of the first and of the last. */
  readonly first: number
  readonly last: number
  readonly text: string
}

/** A conversation. Its items are a history that it points to. */
export interface StoredConversation {
  readonly tenant: string
  readonly id: string
  readonly metadata: Readonly<Record<string, string>>
  readonly head?: HistoryPoint
  readonly createdAt: number
}

/** A call of a served agent that waits for a decision. */
export interface StoredApproval {
  readonly tenant: string
  /** Id of the `mcp_approval_request`. */
  readonly id: string
  readonly responseId: string
  readonly callId: string
  readonly name: string
  /** SHA-256 over name and arguments. */
  readonly hash: string
  readonly createdAt: number
  /** From when on it may be removed. Milliseconds since 1970. */
  readonly expiresAt?: number
}

/** Who wins when two want the same. */
export type Inserted =
  | { readonly kind: 'inserted' }
  | { readonly kind: 'repeated'; readonly existing: StoredResponse }
  | { readonly kind: 'conflict'; readonly existing: StoredResponse }

/** Responses, conversations, their events and approvals, as a server keeps them. Every method is bound to a tenant but those of the keeper (`abandoned`, `removeExpired`). */
export interface ResponseStore {
  /**
   * Adds a response. `repeated`: its idempotency key is there with the same body; `conflict`: with another one.
   *
   * @throws ConfigError `invalid_config` for an id that is there already, or that cannot be kept.
   */
  insert(row: NewStoredResponse): Promise<Inserted>
  get(tenant: string, id: string): Promise<StoredResponse | undefined>
  /** How a response stands: little to read, for whoever looks again and again. */
  statusOf(tenant: string, id: string): Promise<ResponseStatus | undefined>
  /** Changes a response under a condition, in one step. False when there is none or the condition does not hold. */
  update(tenant: string, id: string, change: ResponseChange, when?: ChangeCondition): Promise<boolean>
  /** Removes a response with its events. Its history stays for those that go on from it. False when there was none. */
  delete(tenant: string, id: string): Promise<boolean>
  /** Takes a response under way that nobody alive has. Returns it with its new epoch. */
  claim(tenant: string, id: string): Promise<StoredResponse | undefined>
  /** Responses under way whose process is gone, of all tenants, 100 unless told. */
  abandoned(limit?: number): Promise<readonly { readonly tenant: string; readonly id: string }[]>
  /** Remembers that these items came with a response, so that later input may refer to them by their ids. Part of the response: they go with it. */
  indexItems(tenant: string, id: string, itemIds: readonly string[]): Promise<void>
  /** The response that an item came with; the newest one. */
  responseOfItem(tenant: string, itemId: string): Promise<string | undefined>
  /** Removes responses with their idempotency keys, and approvals, that have expired. Returns how many responses. */
  removeExpired(now?: number): Promise<number>

  /**
   * Writes events. False when somebody else has taken the response since, or it is gone. The very same piece once more, when nobody knows whether it has arrived, changes
   * nothing.
   *
   * @throws ConfigError `invalid_config` when they do not follow those that are written.
   */
  appendFrames(tenant: string, id: string, epoch: number, frames: EventFrames): Promise<boolean>
  /** Written events behind a number, in order; a piece may begin before it. */
  readFrames(tenant: string, id: string, after: number): AsyncIterable<EventFrames>
  /** Calls `awake` when something has happened to a response, here or in another process: soon, and sometimes for nothing. Returns what ends it. */
  onNews(tenant: string, id: string, awake: () => void): () => void

  insertConversation(row: Omit<StoredConversation, 'head'>): Promise<void>
  getConversation(tenant: string, id: string): Promise<StoredConversation | undefined>
  setMetadata(tenant: string, id: string, metadata: Readonly<Record<string, string>>): Promise<boolean>
  /** Moves a conversation to another point, when it still stands at `from`. */
  moveConversation(
    tenant: string,
    id: string,
    from: HistoryPoint | undefined,
    to: HistoryPoint | undefined,
  ): Promise<boolean>
  deleteConversation(tenant: string, id: string): Promise<boolean>

  insertApproval(row: StoredApproval): Promise<void>
  /** An approval that was not used, unless by `by`. */
  getApproval(tenant: string, id: string, by?: string): Promise<StoredApproval | undefined>
  /** Uses an approval up. False when there is none, or it was used. Who says who it is (`by`, such as the id of a response that may be begun again) may do so again. */
  useApproval(tenant: string, id: string, by?: string): Promise<boolean>
}
