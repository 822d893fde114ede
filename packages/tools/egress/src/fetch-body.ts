/** A body that a fetch of any realm takes, and its type where the form of the body says one. */
export interface FetchBody {
  readonly content?: string | Uint8Array | ReadableStream
  readonly type?: string
}

/**
 * Makes any `BodyInit` plain: text, bytes, or a stream, which can be sent once only.
 *
 * Forms and blobs of one realm are unknown to the fetch of another; their bytes are not.
 */
export const plainBody = async (body: RequestInit['body']): Promise<FetchBody> => {
  if (body === undefined || body === null) return {}
  if (typeof body === 'string') return { content: body, type: 'text/plain;charset=UTF-8' }
  // A copy: it may be sent again after a redirect, and the caller may have changed it by then.
  if (body instanceof Uint8Array) return { content: body.slice() }
  if (body instanceof ReadableStream) return { content: body }
  const whole = new Response(body)
  const type = whole.headers.get('content-type')
  if (Symbol.asyncIterator in Object(body) && whole.body !== null) return { content: whole.body }
  return { content: new Uint8Array(await whole.arrayBuffer()), ...(type === null ? {} : { type }) }
}
