/** Types of errors, as the wire names them. */
type ServeErrorType =
  | 'invalid_request_error'
  | 'authentication_error'
  | 'permission_error'
  | 'rate_limit_error'
  | 'server_error'

/** What an error tells its reader. Nothing here may be a secret. */
export interface ServeErrorDetail {
  /** What happened, where, and what to do. */
  readonly message: string
  readonly type: ServeErrorType | (string & {})
  /** Path of the parameter, such as `input[0].content[1].type`. @defaultValue `null` */
  readonly param?: string | null
  /** @defaultValue `null` */
  readonly code?: string | null
  /** Sent with the answer, such as `retry-after`. */
  readonly headers?: Readonly<Record<string, string>>
}

/** Body of every answer that is an error. */
export interface ServeErrorBody {
  readonly error: {
    readonly message: string
    readonly type: string
    readonly param: string | null
    readonly code: string | null
  }
}

/** A request that is refused, with the status and the body of its answer. */
export class ServeError extends Error {
  override name = 'ServeError'
  readonly status: number
  readonly type: string
  readonly param: string | null
  readonly code: string | null
  readonly headers: Readonly<Record<string, string>>

  constructor(status: number, { message, type, param = null, code = null, headers = {} }: ServeErrorDetail) {
    super(message)
    this.status = status
    this.type = type
    this.param = param
    this.code = code
    this.headers = headers
  }

  /** What goes over the wire. */
  get body(): ServeErrorBody {
    const { message, type, param, code } = this
    return { error: { message, type, param, code } }
  }
}
