/** Headers of an answer. The web's `Headers` fits. */
export interface ResponseHeaders {
  /** The value of a header, by its name in lower case; null when it was not sent. */
  get(name: string): string | null
}

/** One HTTP request. */
export interface TransportRequest {
  readonly method: string
  /** Scheme, host and port, such as `https://api.cometapi.com`. */
  readonly origin: string
  /** Path and query. */
  readonly path: string
  /** Flat list: name, value, name, value. Checked already. */
  readonly headers: readonly string[]
  readonly body?: Uint8Array | string
  /** Limit for opening a connection, in milliseconds, where the transport can see that moment. */
  readonly connectTimeoutMs?: number
}

/**
 * Receives one answer: `onHeaders` once, `onData` any number of times, then one of `onEnd` and `onError`.
 *
 * `onError` may come at any point instead. What a callback throws closes the connection and comes back through `onError`.
 */
export interface TransportHandler {
  onHeaders(status: number, headers: ResponseHeaders): void
  /** Bytes of the body; the array is the handler's to keep. */
  onData(chunk: Uint8Array): void
  onEnd(): void
  onError(error: unknown): void
}

/**
 * One HTTP exchange behind one function type, so that one implementation can stand in for another.
 *
 * Returns the function that stops the exchange and closes its connection; after it was called no callback comes.
 * Never throws, and never calls back before it has returned. Does not follow redirects, does not retry an exchange of
 * which any byte was answered, and sets no time limit but `connectTimeoutMs`.
 */
export type Transport = (request: TransportRequest, handler: TransportHandler) => (reason: Error) => void
