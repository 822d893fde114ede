import { AntiphonError } from '../errors.ts'

/** Which limit ran out. */
export type TimeoutCode = 'connect_timeout' | 'first_event_timeout' | 'idle_timeout' | 'total_timeout'

const explain: Record<TimeoutCode, (where: string, limitMs: number) => string> = {
  connect_timeout: (where, ms) =>
    `No connection for ${where} within ${ms} ms. Check the network and \`baseURL\`, or raise \`timeouts.connectMs\`.`,
  first_event_timeout: (where, ms) =>
    `No answer to ${where} within ${ms} ms. Raise \`timeouts.firstEventMs\`, or use \`background\` for long work.`,
  idle_timeout: (where, ms) =>
    `The answer to ${where} stood still for ${ms} ms. Raise \`timeouts.idleMs\` if that is normal.`,
  total_timeout: (where, ms) =>
    `${where} was not done within ${ms} ms, retries included. Raise \`timeouts.totalMs\`.`,
}

/** A time limit ran out; `code` says which. Retryable, except `total_timeout`. */
export class TimeoutError extends AntiphonError<TimeoutCode> {
  override name = 'TimeoutError'
  /** The limit, in milliseconds. */
  readonly limitMs: number

  /** @param where - the request in words, such as `POST /responses to 127.0.0.1:8080` */
  constructor(code: TimeoutCode, where: string, limitMs: number, cause?: unknown) {
    super(code, explain[code](where, limitMs), { retryable: code !== 'total_timeout', cause })
    this.limitMs = limitMs
  }
}
