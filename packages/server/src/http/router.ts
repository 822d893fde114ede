import { ServeError } from '../request/serve-error.ts'
import type { Handler } from './reply.ts'

/** One method on one path. */
export interface Route {
  readonly method: 'GET' | 'POST' | 'DELETE' | 'PUT' | 'PATCH'
  /** Below the base path, such as `/responses/:id`. */
  readonly path: string
  readonly handle: Handler
  /** Asks for no key. @defaultValue false */
  readonly isPublic?: boolean
}

/** The route of a request. */
interface RouteMatch {
  readonly route: Route
  readonly params: Readonly<Record<string, string>>
}

/** Routes, made ready once. */
export interface Router {
  /**
   * Finds the route of a path as it was sent.
   *
   * @throws ServeError 404 for a path that is not there, 405 with `allow` for another method, 400 for a broken encoding.
   */
  match(method: string, path: string): RouteMatch
  /** Methods of a path; empty when it is not there. */
  methods(path: string): readonly string[]
}

interface Entry {
  readonly route: Route
  readonly segments: readonly string[]
}

// Longer than any id; what is longer is not worth a query.
const MAX_PARAM_LENGTH = 512
// Nothing that a terminal or a database would stumble over.
// biome-ignore lint/suspicious/noControlCharactersInRegex: these are what it looks for
const CONTROL = /[\u0000-\u001f\u007f]/

/** The base path in its one form: no slash at the end, empty for the root. */
export const tidyBasePath = (basePath: string): string => {
  const bare = basePath.replace(/\/+$/, '')
  return bare === '' || bare.startsWith('/') ? bare : `/${bare}`
}

/** Makes a router for all routes below `basePath`. Where two routes fit, the one with fewer parameters answers. */
export const createRouter = (routes: readonly Route[], basePath = '/v1'): Router => {
  const base = tidyBasePath(basePath)
  const bySize = new Map<number, Entry[]>()
  for (const route of routes) {
    const segments = segmentsOf(base + route.path)
    const entries = bySize.get(segments.length) ?? []
    entries.push({ route, segments })
    bySize.set(segments.length, entries)
  }
  for (const entries of bySize.values()) entries.sort((a, b) => paramCount(a) - paramCount(b))

  const fitting = (path: string): { entries: Entry[]; segments: readonly string[] } => {
    const segments = segmentsOf(path)
    const entries = bySize.get(segments.length) ?? []
    return { entries: entries.filter((entry) => fits(entry.segments, segments)), segments }
  }

  return {
    match(method, path) {
      const { entries, segments } = fitting(path)
      const entry = entries.find(({ route }) => route.method === method)
      if (entry !== undefined) return { route: entry.route, params: paramsOf(entry, segments) }
      if (entries.length === 0) throw unknownPath(method, path)
      throw wrongMethod(method, methodsOf(entries))
    },
    methods: (path) => methodsOf(fitting(path).entries),
  }
}

/** A slash at the end does not count. */
const segmentsOf = (path: string): string[] => path.replace(/\/$/, '').split('/').slice(1)

const paramCount = ({ segments }: Entry): number => segments.filter((name) => name.startsWith(':')).length

const fits = (pattern: readonly string[], segments: readonly string[]): boolean =>
  pattern.every((name, at) => (name.startsWith(':') ? segments[at] !== '' : segments[at] === name))

const methodsOf = (entries: readonly Entry[]): string[] => [
  ...new Set(entries.map(({ route }) => route.method)),
]

const paramsOf = (entry: Entry, segments: readonly string[]): Record<string, string> => {
  const params: Record<string, string> = {}
  for (const [at, name] of entry.segments.entries())
    if (name.startsWith(':')) params[name.slice(1)] = decoded(segments[at] as string, name.slice(1))
  return params
}

const decoded = (segment: string, name: string): string => {
  let value: string | undefined
  try {
    value = decodeURIComponent(segment)
  } catch {
    // Said below.
  }
  if (value !== undefined && value.length <= MAX_PARAM_LENGTH && !CONTROL.test(value)) return value
  throw new ServeError(400, {
    message: `The path has an invalid \`${name}\`: it must be percent-encoded UTF-8 without control characters, at most ${MAX_PARAM_LENGTH} characters.`,
    type: 'invalid_request_error',
    param: name,
    code: 'invalid_value',
  })
}

const unknownPath = (method: string, path: string): ServeError =>
  new ServeError(404, {
    message: `Invalid URL (${method} ${path.slice(0, 200)}). Check the path and the base URL.`,
    type: 'invalid_request_error',
    code: 'unknown_url',
  })

const wrongMethod = (method: string, allowed: readonly string[]): ServeError =>
  new ServeError(405, {
    message: `${method} is not offered on this path. Use ${allowed.join(' or ')}.`,
    type: 'invalid_request_error',
    code: 'method_not_allowed',
    headers: { allow: allowed.join(', ') },
  })
