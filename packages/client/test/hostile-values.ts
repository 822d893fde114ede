/** JSON values that break code which takes them for something else: made anew by each call. */
export const hostileValues = (): unknown[] => [
  null,
  0,
  -1,
  1e308,
  true,
  '',
  'constructor',
  '__proto__',
  'text',
  [],
  [null],
  [0],
  [[]],
  {},
  JSON.parse('{"toString":0,"valueOf":0}'),
  JSON.parse('{"__proto__":{"toString":0,"valueOf":0}}'),
  JSON.parse('{"constructor":null,"length":1,"toJSON":0,"type":{}}'),
]

/** A place in a JSON value: the object or list, and the key in it. */
interface Place {
  readonly path: string
  set(root: unknown, value: unknown): void
}

/** All the places of a JSON value, at any depth. */
const placesIn = (value: unknown, keys: readonly string[] = []): Place[] => {
  if (typeof value !== 'object' || value === null) return []
  return Object.entries(value).flatMap(([key, inside]) => {
    const path = [...keys, key]
    const set = (root: unknown, wrong: unknown): void => {
      let owner = root as Record<string, unknown>
      for (const step of keys) owner = owner[step] as Record<string, unknown>
      owner[key] = wrong
    }
    return [{ path: path.join('.'), set }, ...placesIn(inside, path)]
  })
}

/** Copies of a value, each with one hostile value in one of its places; the name says which and where. */
export const spoiled = function* <T>(value: T): Generator<{ readonly name: string; readonly value: T }> {
  for (const place of placesIn(value)) {
    for (const wrong of hostileValues()) {
      const copy = structuredClone(value)
      place.set(copy, wrong)
      yield { name: `${place.path} = ${JSON.stringify(wrong)}`, value: copy }
    }
  }
}
