import type { ResponseReply } from '../http/reply.ts'
import { parseCreate } from '../request/parse-body.ts'
import { checkSupported } from '../request/supported.ts'
import { readIdempotency } from '../tenants/idempotency.ts'
import type { Limiter } from '../tenants/limits.ts'
import type { Principal } from '../tenants/principal.ts'
import { createResponse } from './create.ts'
import type { LocalResponses } from './hydrate.ts'
import { tokensOf } from './input-tokens.ts'
import { replyOfFailure } from './reply-of-failure.ts'
import type { Responder } from './responder.ts'
import type { Outcome } from './run-response.ts'
import { upstreamFor } from './upstream-for.ts'

/** A request for a response, however it came. */
export interface CreateCall {
  readonly body: unknown
  readonly principal: Principal
  readonly headers: Headers
  readonly signal: AbortSignal
  warn(text: string): void
  /** Responses that are not stored, of this connection. */
  readonly local?: LocalResponses
  /** Told when it has ended. */
  onEnded?(outcome: Outcome): void
}

/** Answers a request for a response: checks it, takes its place in the tenant's limits, and begins it. */
export const answerCreate = async (
  responder: Responder,
  limiter: Limiter,
  call: CreateCall,
): Promise<ResponseReply> => {
  const asked = parseCreate(call.body)
  const upstream = upstreamFor(responder, asked.model ?? undefined)
  const { request, warnings } = checkSupported(asked, upstream.refuses ?? {}, responder.options.lenient, {
    bringsTools: upstream.bringsTools === true,
    namesMcpServers: upstream.namesMcpServers === true,
  })
  for (const warning of warnings) call.warn(warning)
  const idempotency = readIdempotency(call.headers, call.body)
  const lease = limiter.acquire(call.principal, tokensOf(request, inputOf(request.input)))
  const { headers } = lease
  // All that a stream which goes on keeps of the call: not its body, and nothing of the request that brought it.
  const { onEnded } = call
  let isHeld = false
  try {
    const created = await createResponse(responder, {
      tenant: call.principal.tenant,
      request,
      upstream,
      ...(idempotency === undefined ? {} : { idempotency }),
      ...(call.local === undefined ? {} : { local: call.local }),
      onEnded(outcome) {
        lease.settle(outcome.response.usage)
        lease.release()
        onEnded?.(outcome)
      },
    })
    isHeld = created.isNew
    if (created.kind === 'response') return { kind: 'json', status: 200, body: created.response, headers }
    if (created.kind === 'stream') return { kind: 'stream', headers, open: created.open }
    call.signal.addEventListener('abort', created.clientGone, { once: true })
    // It may have left while the response began.
    if (call.signal.aborted) created.clientGone()
    const { response, failure } = await created.outcome
    call.signal.removeEventListener('abort', created.clientGone)
    if (failure !== undefined) throw replyOfFailure(failure)
    return { kind: 'json', status: 200, body: response, headers }
  } finally {
    // What has begun gives its place back when it has ended; nothing else has used any tokens.
    if (!isHeld) {
      lease.settle({ total_tokens: 0 })
      lease.release()
    }
  }
}

const inputOf = (input: unknown): readonly object[] =>
  typeof input === 'string' ? [{ input }] : Array.isArray(input) ? input : []
