import { type BuiltInEndpoint, type EndpointCall, WireRefusal } from 'antiphon'
import { toServeError } from './agents/built-in-tools.ts'
import type { Call, Reply } from './http/reply.ts'
import type { Route } from './http/router.ts'

/** An endpoint of a built-in tool as a route. `open` waits until the tool has what the server gives it. */
export const endpointRoute = (
  { method, path, handle }: BuiltInEndpoint,
  open: () => Promise<unknown>,
): Route => ({
  method,
  path,
  handle: async (call) => {
    await open()
    try {
      return replyOf(await handle(endpointCall(call)))
    } catch (error) {
      throw error instanceof WireRefusal ? toServeError(error) : error
    }
  },
})

const endpointCall = (call: Call): EndpointCall => ({
  tenant: call.principal.tenant,
  params: call.params,
  query: call.query,
  headers: call.headers,
  json: (options) => call.json(options),
  body: () => call.body(),
  get signal() {
    return call.signal
  },
})

const replyOf = (reply: Awaited<ReturnType<BuiltInEndpoint['handle']>>): Reply => {
  const { status = 200 } = reply
  if ('json' in reply) return { kind: 'json', status, body: reply.json }
  const { content, contentType, contentLength, filename } = reply
  return {
    kind: 'content',
    status,
    content,
    headers: {
      'content-type': contentType,
      ...(contentLength === undefined ? {} : { 'content-length': String(contentLength) }),
      // Nothing of it is to be run by a browser that opens it.
      'x-content-type-options': 'nosniff',
      'content-disposition': `attachment${filename === undefined ? '' : `; filename*=UTF-8''${encodeURIComponent(filename)}`}`,
    },
  }
}
