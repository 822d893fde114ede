/** Which pages of a browser may read answers. */
export interface CorsOptions {
  /** Origins such as `https://app.example.com`, or `'*'` for all. @defaultValue none */
  readonly corsOrigins?: readonly string[]
}

const EXPOSED = [
  'x-request-id',
  'x-antiphon-warning',
  'openai-processing-ms',
  'retry-after',
  'retry-after-ms',
  ...['limit', 'remaining', 'reset'].flatMap((what) => [
    `x-ratelimit-${what}-requests`,
    `x-ratelimit-${what}-tokens`,
  ]),
].join(', ')

/** Is this page allowed to read answers? */
export const isAllowedOrigin = (origin: string, { corsOrigins = [] }: CorsOptions): boolean =>
  corsOrigins.includes('*') || corsOrigins.includes(origin)

/** Headers that let the page of a request read its answer. None where CORS is off, or the page is not in the list. */
export const corsHeaders = (headers: Headers, options: CorsOptions): Record<string, string> => {
  if (options.corsOrigins === undefined || options.corsOrigins.length === 0) return {}
  const origin = headers.get('origin')
  // A cache must not give one page the answer for another.
  if (origin === null || !isAllowedOrigin(origin, options)) return { vary: 'origin' }
  return { vary: 'origin', 'access-control-allow-origin': origin, 'access-control-expose-headers': EXPOSED }
}

/** Is it the question of a browser whether it may send a request? */
export const isPreflight = (method: string, headers: Headers, { corsOrigins = [] }: CorsOptions): boolean =>
  method === 'OPTIONS' && corsOrigins.length > 0 && headers.has('access-control-request-method')

/** The answer to that question, beside `corsHeaders()`. */
export const preflightHeaders = (headers: Headers, methods: readonly string[]): Record<string, string> => {
  const asked = headers.get('access-control-request-headers') ?? ''
  return {
    'access-control-allow-methods': methods.join(', '),
    'access-control-allow-headers': /^[\w\-, ]{1,1000}$/.test(asked) ? asked : 'authorization, content-type',
    'access-control-max-age': '600',
  }
}
