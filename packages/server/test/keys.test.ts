import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { ServeError } from '../src/request/serve-error.ts'
import { type ApiKeys, createApiKeys, hashKey } from '../src/tenants/api-keys.ts'

const bearer = (key: string) => new Headers({ authorization: `Bearer ${key}` })

const refusal = async (keys: ApiKeys, headers: Headers): Promise<ServeError> => {
  const error = await keys.authenticate(headers).catch((thrown: unknown) => thrown)
  expect(error).toBeInstanceOf(ServeError)
  return error as ServeError
}

describe('API keys', () => {
  it('lets everybody in as the local tenant where there are none', async () => {
    const keys = createApiKeys()
    expect(keys.isOpen).toBe(true)
    expect(await keys.authenticate(new Headers())).toEqual({ tenant: 'local' })
  })

  it('map to a tenant, plain or hashed, several for one', async () => {
    const keys = createApiKeys({ keys: { acme: ['key-one', hashKey('key-two')], other: 'key-three' } })
    expect(keys.isOpen).toBe(false)
    expect(await keys.authenticate(bearer('key-one'))).toEqual({ tenant: 'acme' })
    expect(await keys.authenticate(bearer('key-two'))).toEqual({ tenant: 'acme' })
    expect(await keys.authenticate(bearer('key-three'))).toEqual({ tenant: 'other' })
  })

  it('come in either header, and the scheme in any case', async () => {
    const keys = createApiKeys({ keys: { acme: 'key-one' } })
    for (const headers of [
      new Headers({ authorization: 'bearer key-one' }),
      new Headers({ 'api-key': 'key-one' }),
      new Headers({ authorization: 'Basic abc', 'api-key': 'key-one' }),
    ])
      expect(await keys.authenticate(headers)).toEqual({ tenant: 'acme' })
  })

  it('refuse what is missing or wrong, without the key in the error', async () => {
    const keys = createApiKeys({ keys: { acme: 'key-one' } })
    const wrong = [
      new Headers(),
      bearer('sk-wrong-secret'),
      // The hash is no key.
      bearer(hashKey('key-one')),
      bearer('key-one key-two'),
      bearer('x'.repeat(100_000)),
      new Headers({ authorization: 'key-one' }),
      new Headers({ 'api-key': ' ' }),
    ]
    for (const headers of wrong) {
      const error = await refusal(keys, headers)
      expect([error.status, error.type, error.code]).toEqual([401, 'authentication_error', 'invalid_api_key'])
      expect(JSON.stringify({ ...error, message: error.message, stack: error.stack })).not.toMatch(/sk-wrong/)
    }
  })

  it('are forgotten after their hash was taken', () => {
    const given = { acme: ['key-one'] }
    const keys = createApiKeys({ keys: given })
    given.acme[0] = 'key-two'
    return expect(keys.authenticate(bearer('key-one'))).resolves.toEqual({ tenant: 'acme' })
  })

  it('refuse a configuration that would let in too many or nobody', () => {
    const wrong: Record<string, string | string[]>[] = [
      {},
      { acme: [] },
      { acme: '' },
      { '': 'key' },
      { acme: 'sha256:12' },
      { acme: 'has space' },
      { a: 'same', b: hashKey('same') },
    ]
    for (const keys of wrong)
      expect(() => createApiKeys({ keys })).toThrow(expect.objectContaining({ code: 'invalid_config' }))
    expect(() => createApiKeys({ keys: { a: 'sk-secret-1', b: 'sk-secret-1' } })).toThrow(
      expect.objectContaining({ message: expect.not.stringContaining('sk-secret') }),
    )
  })

  it('are looked up by a function, whose failure stays inside', async () => {
    const seen: unknown[] = []
    const keys = createApiKeys({
      keys: (key) =>
        key === 'broken'
          ? Promise.reject(new Error(`no row for ${key}`))
          : Promise.resolve(key === 'good' ? 'acme' : undefined),
      onError: (error) => seen.push(error),
    })
    expect(await keys.authenticate(bearer('good'))).toEqual({ tenant: 'acme' })
    expect((await refusal(keys, bearer('bad'))).status).toBe(401)
    const failed = await refusal(keys, bearer('broken'))
    expect([failed.status, failed.code]).toEqual([503, 'key_check_failed'])
    expect(failed.message).not.toContain('broken')
    expect(seen).toHaveLength(1)
  })

  it('belong to the tenant that has them, and to no other, whatever they are', () =>
    fc.assert(
      fc.asyncProperty(
        fc.uniqueArray(fc.stringMatching(/^[!-~]{1,40}$/), { minLength: 2, maxLength: 8 }),
        async (all) => {
          const usable = all.filter((key) => !key.startsWith('sha256:'))
          fc.pre(usable.length > 1)
          const [stranger, ...known] = usable
          const keys = createApiKeys({ keys: Object.fromEntries(known.map((key, i) => [`t${i}`, key])) })
          for (const [i, key] of known.entries())
            expect(await keys.authenticate(bearer(key))).toEqual({ tenant: `t${i}` })
          expect((await refusal(keys, bearer(stranger as string))).status).toBe(401)
        },
      ),
      { numRuns: 50 },
    ))
})
