import { createHash } from 'node:crypto'
import type { ResponseRequest } from '@antiphon/client'

/** Hashes by item. Items of a run are never changed in place, so one of a long history is read once. */
const itemHashes = new WeakMap<object, string>()

/**
 * A hash of all that a request says, whatever the order of its keys. With `frozen` the items of its input are known not to change in place, and each is
 * read once only.
 */
export const requestKey = (
  request: ResponseRequest,
  modelName: string | undefined,
  frozen: boolean,
): string => {
  const { input, ...rest } = request
  const hash = createHash('sha256').update(orderedJson({ ...rest, modelName }))
  if (!Array.isArray(input)) return hash.update(orderedJson(input ?? null)).digest('hex')
  for (const item of input as readonly object[]) hash.update(frozen ? knownHash(item) : hashOf(item))
  return hash.digest('hex')
}

const knownHash = (item: object): string => {
  let known = itemHashes.get(item)
  if (known === undefined) {
    known = hashOf(item)
    itemHashes.set(item, known)
  }
  return known
}

const hashOf = (value: unknown): string => createHash('sha256').update(orderedJson(value)).digest('hex')

/** JSON with the keys of every object in order. */
export const orderedJson = (value: unknown): string =>
  JSON.stringify(value, (_key, inner: unknown) =>
    typeof inner === 'object' && inner !== null && !Array.isArray(inner)
      ? Object.fromEntries(Object.entries(inner).sort(([a], [b]) => (a < b ? -1 : 1)))
      : inner,
  )
