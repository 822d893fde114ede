import { createMcpPool, type McpServer } from '@antiphon/mcp'
import { describe, expect, it } from 'vitest'
import { httpServer } from './http-server.ts'
import { hostile, target } from './servers.ts'
import { newPool, textOf } from './using.ts'

const plain = target('h', hostile('plain'))

describe('the pool', () => {
  it('gives runs of one tenant the same session, and other tenants others', async () => {
    const pool = newPool()
    const pids = await Promise.all(['a', 'a', 'b'].map((tenant) => textOf(pool.open(plain, tenant), 'pid')))
    expect(pids[0]).toBe(pids[1])
    expect(pids[2]).not.toBe(pids[0])
    expect(pool.size).toBe(2)
  })

  it('gives other credentials another session', async () => {
    const server = await httpServer()
    const pool = newPool()
    const { url } = server
    const servers: McpServer[] = [
      { url },
      { url, authorization: 'token-one' },
      { url, authorization: 'token-two' },
      { url, headers: { a: '1', b: '2' } },
      { url, headers: { b: '2', a: '1' } },
    ]
    for (const one of servers) await pool.open(target('h', one)).tools()
    expect(pool.size).toBe(4)
    expect(server.sessions.size).toBe(4)
  })

  it('closes what nobody uses, after a time', async () => {
    const pool = newPool({ idleMs: 50 })
    const one = pool.open(plain)
    const two = pool.open(plain)
    await one.tools()
    one.release()
    one.release()
    await new Promise((resolve) => setTimeout(resolve, 150))
    expect(pool.size).toBe(1)
    expect(await textOf(two, 'pid')).toMatch(/^\d+$/)
    two.release()
    await expect.poll(() => pool.size).toBe(0)
  })

  it('makes room by closing the longest unused, and refuses when all are in use', () => {
    const pool = newPool({ maxSessions: 3, maxSessionsPerTenant: 2 })
    const a1 = pool.open(target('one', hostile('plain')), 'a')
    pool.open(target('two', hostile('plain')), 'a')
    expect(() => pool.open(target('three', hostile('plain')), 'a')).toThrow(/Too many sessions/)
    pool.open(target('one', hostile('plain')), 'b')
    expect(() => pool.open(target('two', hostile('plain')), 'b')).toThrow(/Too many sessions/)
    a1.release()
    pool.open(target('two', hostile('plain')), 'b')
    expect(pool.size).toBe(3)
  })

  it('does not open sessions when it is closed, nor does what it gave out', async () => {
    const pool = newPool()
    const session = pool.open(plain)
    await session.tools()
    await pool.close()
    await expect(session.tools()).rejects.toMatchObject({ code: 'mcp_closed' })
    expect(() => pool.open(plain)).toThrow(/closed/)
  })

  it('connects once for calls that come together, and one that is cancelled leaves the others', async () => {
    const server = await httpServer()
    const pool = newPool()
    const session = pool.open(target('h', { url: server.url }))
    const stop = new AbortController()
    const cancelled = session.tools(stop.signal)
    const others = Promise.all([session.tools(), session.tools()])
    stop.abort()
    await expect(cancelled).rejects.toMatchObject({ code: 'mcp_cancelled' })
    expect((await others)[0].tools).toHaveLength(3)
    expect(server.messages.filter(({ method }) => method === 'initialize')).toHaveLength(1)
    expect(server.messages.filter(({ method }) => method === 'tools/list')).toHaveLength(1)
  })

  it.each(['maxSessions', 'idleMs'])('refuses a bound that is none: %s', (name) => {
    expect(() => createMcpPool({ [name]: 0 })).toThrow(/above 0/)
  })
})
