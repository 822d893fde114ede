import { type EgressAnswer, EgressError, type EgressRequest, egressRequest } from '@antiphon/egress'
import { WebSearchError } from '../web-search-error.ts'

/** A result list is small; more than this is none. */
const MAX_BYTES = 4_194_304
const TIMEOUT_MS = 15_000

/**
 * Asks the API of a search engine for JSON.
 *
 * The URL was set by the operator, so its host may be at any address; nothing of a model's reaches the host. No redirect is followed, so the key goes nowhere else.
 */
export const askJson = async (
  engine: string,
  url: URL,
  request: Pick<EgressRequest, 'method' | 'headers' | 'body' | 'signal'>,
): Promise<unknown> => {
  const answer = await ask(engine, url, request)
  if (answer.status >= 400) throw refusal(engine, answer)
  try {
    return JSON.parse(Buffer.from(answer.body).toString('utf8'))
  } catch {
    throw new WebSearchError(
      'search_failed',
      `${engine} answered with status ${answer.status} and no JSON. Check the URL, and that it offers JSON.`,
    )
  }
}

const ask = async (
  engine: string,
  url: URL,
  request: Pick<EgressRequest, 'method' | 'headers' | 'body' | 'signal'>,
): Promise<EgressAnswer> => {
  try {
    return await egressRequest(url, {
      ...request,
      headers: { accept: 'application/json', ...request.headers },
      timeoutMs: TIMEOUT_MS,
      maxBytes: MAX_BYTES,
      policy: { allowHosts: [url.hostname] },
    })
  } catch (error) {
    if (!(error instanceof EgressError)) throw error
    // Where the engine is may be nobody's business: the cause has it, the message, which a model reads, has not.
    const message = `${engine} could not be asked (${error.code}).`
    throw new WebSearchError('search_failed', message, { retryable: error.retryable, cause: error })
  }
}

const refusal = (engine: string, { status }: EgressAnswer): WebSearchError => {
  if (status === 401 || status === 403)
    return new WebSearchError(
      'search_unauthorized',
      `${engine} refused with status ${status}. Check its key, or whether it offers JSON to you.`,
    )
  if (status === 429)
    return new WebSearchError('search_rate_limited', `${engine} was asked too often. Try again later.`, {
      retryable: true,
    })
  return new WebSearchError('search_failed', `${engine} answered with status ${status}.`, {
    retryable: status >= 500,
  })
}
