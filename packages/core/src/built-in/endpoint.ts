import { AntiphonError } from '@antiphon/client'

/** One request to an endpoint of a built-in tool. */
export interface EndpointCall {
  readonly tenant: string
  /** Decoded parameters of the path. */
  readonly params: Readonly<Record<string, string>>
  readonly query: URLSearchParams
  readonly headers: Headers
  /** The body as JSON; undefined for an empty one where that `isOptional`. */
  json(options?: { readonly isOptional?: boolean }): Promise<unknown>
  /** The body as it comes, within the server's limit for uploads. Instead of `json()`. */
  body(): AsyncIterable<Uint8Array>
  /** Aborted when the client leaves. */
  readonly signal: AbortSignal
}

/** What an endpoint answers: an object as JSON, or bytes. */
export type EndpointReply =
  | { readonly status?: number; readonly json: object }
  | {
      readonly status?: number
      readonly content: Uint8Array | AsyncIterable<Uint8Array>
      readonly contentType: string
      readonly contentLength?: number
      /** Offered for saving under this name. */
      readonly filename?: string
    }

/** One method on one path below the server's base path, such as `GET /vector_stores/:id`. */
export interface BuiltInEndpoint {
  readonly method: 'GET' | 'POST' | 'DELETE' | 'PUT' | 'PATCH'
  readonly path: string
  /** @throws WireRefusal for what is refused; everything else is a 500. */
  handle(call: EndpointCall): Promise<EndpointReply>
}

/** A request, or a declaration in one, that is refused as the wire refuses: `{ error: { message, type, param, code } }`. */
export class WireRefusal extends AntiphonError<'refused'> {
  override name = 'WireRefusal'
  /** 400, 404, 409, 413, 429, … */
  readonly status: number
  /** The field at fault; relative to the declaration in `open`. */
  readonly param: string | null
  /** The wire's own code, such as `invalid_value`. */
  readonly wireCode: string | null

  constructor(
    status: number,
    message: string,
    { param = null, code = null }: { readonly param?: string | null; readonly code?: string | null } = {},
  ) {
    super('refused', message)
    this.status = status
    this.param = param
    this.wireCode = code
  }
}
