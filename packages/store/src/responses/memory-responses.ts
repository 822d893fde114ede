import { Wakeups } from '../presence.ts'
import { checkKeys, nameOf, taken } from './keys.ts'
import { type MemoryConversations, memoryConversations } from './memory-conversations.ts'
import { framesAfter, pushFrames } from './memory-frames.ts'
import { isUnderWay } from './response-row.ts'
import type {
  ChangeCondition,
  EventFrames,
  Inserted,
  NewStoredResponse,
  ResponseChange,
  ResponseStatus,
  ResponseStore,
  StoredResponse,
} from './response-store.ts'

/** A response with what belongs to it. Its large parts are JSON: nobody who has them can change them. */
interface Kept {
  facts: Omit<StoredResponse, 'response' | 'request'>
  response: string
  readonly request: string
  owner: MemoryOwner
  readonly frames: EventFrames[]
  readonly itemIds: Set<string>
  readonly idempotency: string | undefined
}

/** Stands for a process. */
interface MemoryOwner {
  isAlive: boolean
}

/** What all handles of one place share. */
interface MemoryPlace {
  readonly kept: Map<string, Kept>
  /** By tenant and key. */
  readonly keys: Map<string, { readonly bodyHash: string; readonly response: string }>
  readonly wakeups: Wakeups
  readonly conversations: MemoryConversations
}

/** Responses in this process: they end with it. The same as those of a database otherwise. */
export const memoryResponses = (): ResponseStore => memoryPlace()().responses

/** A place whose handles stand for a process each; a handle that is closed is one that is gone. */
export const memoryPlace = (): (() => { readonly responses: ResponseStore; close(): void }) => {
  const place: MemoryPlace = {
    kept: new Map(),
    keys: new Map(),
    wakeups: new Wakeups(),
    conversations: memoryConversations(),
  }
  return () => {
    const owner: MemoryOwner = { isAlive: true }
    const close = (): void => {
      owner.isAlive = false
    }
    return { responses: handleOf(place, owner), close }
  }
}

const handleOf = (place: MemoryPlace, owner: MemoryOwner): ResponseStore => {
  const { kept, wakeups, conversations } = place
  const find = (tenant: string, id: string): Kept | undefined => kept.get(nameOf(tenant, id))
  const { removeExpired, ...rest } = conversations
  return {
    ...rest,
    insert: async (row) => insert(place, row, owner),
    async get(tenant, id) {
      const found = find(tenant, id)
      return found === undefined ? undefined : storedOf(found)
    },
    statusOf: async (tenant, id) => find(tenant, id)?.facts.status,
    async update(tenant, id, change, when) {
      const found = find(tenant, id)
      if (found === undefined || !holds(found, when)) return false
      apply(found, change)
      wakeups.wake(nameOf(tenant, id))
      return true
    },
    delete: async (tenant, id) => remove(place, nameOf(tenant, id)),
    async claim(tenant, id) {
      const found = find(tenant, id)
      if (found === undefined || !isUnderWay(found.facts.status) || found.owner.isAlive) return undefined
      found.owner = owner
      found.facts = { ...found.facts, epoch: found.facts.epoch + 1, updatedAt: Date.now() }
      wakeups.wake(nameOf(tenant, id))
      return storedOf(found)
    },
    async abandoned(limit = 100) {
      const gone = [...kept.values()].filter(
        ({ facts, owner: of }) => !of.isAlive && isUnderWay(facts.status),
      )
      return gone.slice(0, limit).map(({ facts: { tenant, id } }) => ({ tenant, id }))
    },
    async indexItems(tenant, id, itemIds) {
      const found = find(tenant, id)
      for (const itemId of itemIds) found?.itemIds.add(itemId)
    },
    async responseOfItem(tenant, itemId) {
      let newest: Kept['facts'] | undefined
      for (const { facts, itemIds } of kept.values())
        if (facts.tenant === tenant && itemIds.has(itemId) && !(facts.createdAt < (newest?.createdAt ?? 0)))
          newest = facts
      return newest?.id
    },
    async removeExpired(now = Date.now()) {
      removeExpired(now)
      const expired = [...kept].filter(([, { facts }]) => (facts.expiresAt ?? Number.NaN) <= now)
      for (const [name] of expired) remove(place, name)
      return expired.length
    },
    async appendFrames(tenant, id, epoch, frames) {
      const found = find(tenant, id)
      if (found?.facts.epoch !== epoch) return false
      pushFrames(id, found.frames, frames)
      wakeups.wake(nameOf(tenant, id))
      return true
    },
    readFrames: (tenant, id, after) => framesAfter(find(tenant, id)?.frames ?? [], after),
    onNews(tenant, id, awake) {
      const name = nameOf(tenant, id)
      const call = (): void => awake()
      wakeups.add(name, call)
      return () => void wakeups.remove(name, call)
    },
  }
}

const insert = ({ kept, keys }: MemoryPlace, row: NewStoredResponse, owner: MemoryOwner): Inserted => {
  const { idempotency, response, request, ...facts } = row
  checkKeys(row.tenant, row.id, ...(row.conversation === undefined ? [] : [row.conversation]))
  const key = idempotency === undefined ? undefined : nameOf(row.tenant, idempotency.key)
  const known = key === undefined ? undefined : keys.get(key)
  const existing = known === undefined ? undefined : kept.get(known.response)
  if (known !== undefined && existing !== undefined)
    return {
      kind: known.bodyHash === idempotency?.bodyHash ? 'repeated' : 'conflict',
      existing: storedOf(existing),
    }
  const name = nameOf(row.tenant, row.id)
  if (kept.has(name)) throw taken('a response', row.id)
  kept.set(name, {
    facts: { ...facts, epoch: 1, updatedAt: row.createdAt },
    response: JSON.stringify(response),
    request: JSON.stringify(request),
    owner,
    frames: [],
    itemIds: new Set(),
    idempotency: key,
  })
  if (key !== undefined) keys.set(key, { bodyHash: idempotency?.bodyHash ?? '', response: name })
  return { kind: 'inserted' }
}

const remove = ({ kept, keys, wakeups }: MemoryPlace, name: string): boolean => {
  const found = kept.get(name)
  if (found === undefined) return false
  kept.delete(name)
  if (found.idempotency !== undefined) keys.delete(found.idempotency)
  wakeups.wake(name)
  return true
}

const storedOf = ({ facts, response, request }: Kept): StoredResponse => ({
  ...facts,
  response: JSON.parse(response) as StoredResponse['response'],
  request: JSON.parse(request) as StoredResponse['request'],
})

const holds = ({ facts }: Kept, { status, epoch }: ChangeCondition = {}): boolean =>
  (epoch === undefined || facts.epoch === epoch) &&
  (status === undefined || (status as readonly ResponseStatus[]).includes(facts.status))

const apply = (found: Kept, { status, response, output, expiresAt }: ResponseChange): void => {
  if (response !== undefined) found.response = JSON.stringify(response)
  found.facts = {
    ...found.facts,
    ...(status === undefined ? {} : { status }),
    ...(output === undefined ? {} : { output }),
    ...(expiresAt === undefined ? {} : { expiresAt }),
    updatedAt: Date.now(),
  }
}
