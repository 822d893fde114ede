import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { createRouter, type Route } from '../src/http/router.ts'
import { ServeError } from '../src/request/serve-error.ts'
import { echo, json, startServer } from './http-server.ts'

const route = (method: Route['method'], path: string): Route => ({
  method,
  path,
  handle: async ({ params, path: asked, query }) => json({ route: path, params, asked, q: query.get('q') }),
})

const ROUTES = [
  route('GET', '/responses/:id'),
  route('DELETE', '/responses/:id'),
  route('POST', '/responses/:id/cancel'),
  route('POST', '/responses/compact'),
  route('GET', '/conversations/:id/items/:item_id'),
  echo,
]

const refusal = (fn: () => unknown): ServeError => {
  try {
    fn()
  } catch (error) {
    if (error instanceof ServeError) return error
  }
  throw new Error('It was not refused.')
}

describe('the router', () => {
  const router = createRouter(ROUTES)

  it('finds routes with their parameters, with and without a slash at the end', () => {
    for (const path of ['/v1/conversations/conv_1/items/msg%202', '/v1/conversations/conv_1/items/msg%202/'])
      expect(router.match('GET', path).params).toEqual({ id: 'conv_1', item_id: 'msg 2' })
    expect(router.match('POST', '/v1/responses/compact').route.path).toBe('/responses/compact')
    expect(router.match('GET', '/v1/responses/compact').params).toEqual({ id: 'compact' })
  })

  it('answers below another base path, or none', () => {
    for (const [basePath, prefix] of [
      ['', ''],
      ['/', ''],
      ['/api/ai/', '/api/ai'],
      ['ai', '/ai'],
    ] as const)
      expect(createRouter(ROUTES, basePath).match('GET', `${prefix}/responses/r`).params).toEqual({ id: 'r' })
  })

  it('refuses unknown paths, other methods and broken encodings', () => {
    for (const path of [
      '/v1/nothing',
      '/responses/r',
      '/v1',
      '/',
      '',
      '*',
      '/v1//r',
      '/v1/responses//cancel',
    ])
      expect(refusal(() => router.match('GET', path))).toMatchObject({ status: 404 })
    expect(refusal(() => router.match('PATCH', '/v1/responses/r'))).toMatchObject({
      status: 405,
      headers: { allow: 'GET, DELETE' },
    })
    for (const id of ['%', '%zz', '%ff', '%C0%80', '%00', 'a%0d%0ab', 'x'.repeat(600)])
      expect(refusal(() => router.match('GET', `/v1/responses/${id}`))).toMatchObject({
        status: 400,
        param: 'id',
      })
  })

  it('gives any id back as it was encoded, and never throws anything else than a refusal', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme', minLength: 1, maxLength: 40 }), (id) => {
        // biome-ignore lint/suspicious/noControlCharactersInRegex: these are refused
        fc.pre(!/[\u0000-\u001f\u007f]/.test(id))
        expect(router.match('GET', `/v1/responses/${encodeURIComponent(id)}`).params).toEqual({ id })
      }),
    )
    fc.assert(
      fc.property(fc.string(), fc.string(), (method, path) => {
        expect(refusal(() => router.match(method, `/v1/${path}%`)).status).toBeGreaterThanOrEqual(400)
      }),
    )
  })
})

describe('over HTTP', () => {
  it('answers errors with the body of the wire, and a request id', async () => {
    const { url } = await startServer(ROUTES)
    const unknown = await fetch(`${url}/v1/nothing`, { headers: { 'x-request-id': 'mine-1' } })
    expect(unknown.status).toBe(404)
    expect(unknown.headers.get('x-request-id')).toBe('mine-1')
    expect(await unknown.json()).toEqual({
      error: {
        message: expect.stringContaining('/v1/nothing'),
        type: 'invalid_request_error',
        param: null,
        code: 'unknown_url',
      },
    })
    const wrong = await fetch(`${url}/v1/responses/r`, {
      method: 'PUT',
      headers: { 'x-request-id': 'not sane' },
    })
    expect(wrong.status).toBe(405)
    expect(wrong.headers.get('allow')).toBe('GET, DELETE')
    expect(wrong.headers.get('x-request-id')).toMatch(/^req_[0-9a-f]{32}$/)
    const found = await fetch(`${url}/v1/responses/r%C3%A4?q=1`)
    expect(await found.json()).toMatchObject({ params: { id: 'rä' }, q: '1' })
  })
})
