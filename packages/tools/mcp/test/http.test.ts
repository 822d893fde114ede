import { describe, expect, it } from 'vitest'
import { httpServer, sse } from './http-server.ts'
import { target } from './servers.ts'
import { callByName, newPool, sessionWith, textOf } from './using.ts'

const settled = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms))

describe('a server over HTTP', () => {
  it.each([
    { status: 404, body: 'no such session' },
    { status: 400, body: '{"error":{"message":"Bad Request: No valid session ID provided"}}' },
  ])('that forgot the session ($status): the call is made on a new one', async (expired) => {
    const server = await httpServer({ expired })
    const session = sessionWith(target('h', { url: server.url }))
    expect(await textOf(session, 'echo')).toBe('echo in session-1')
    server.sessions.clear()
    expect(await textOf(session, 'echo')).toBe('echo in session-2')
    expect(server.messages.filter(({ method }) => method === 'tools/call')).toHaveLength(3)
  })

  it('that forgets every session is not asked for ever', async () => {
    const server = await httpServer({
      on: ({ message, response }) =>
        message.method === 'tools/call' ? response.writeHead(404).end('gone') : undefined,
    })
    const session = sessionWith(target('h', { url: server.url }))
    await expect(callByName(session, 'echo')).rejects.toMatchObject({ code: 'mcp_protocol', status: 404 })
    expect(server.messages.filter(({ method }) => method === 'tools/call')).toHaveLength(2)
  })

  it('whose stream ends before the answer: the call fails at once, and is not made again', async () => {
    const server = await httpServer({
      on: ({ message, response }) =>
        message.method === 'tools/call'
          ? response.writeHead(200, { 'content-type': 'text/event-stream' }).end(
              sse({
                jsonrpc: '2.0',
                method: 'notifications/message',
                params: { level: 'info', data: 'x' },
              }),
            )
          : undefined,
    })
    const session = sessionWith(target('h', { url: server.url }))
    await expect(callByName(session, 'echo')).rejects.toMatchObject({ code: 'mcp_closed' })
    expect(server.messages.filter(({ method }) => method === 'tools/call')).toHaveLength(1)
  })

  it('that breaks the connection in the middle of a call: the same', async () => {
    const server = await httpServer({
      on: ({ message, response }) => {
        if (message.method !== 'tools/call') return undefined
        response.writeHead(200, { 'content-type': 'text/event-stream' }).write(': begun\n\n')
        setTimeout(() => response.destroy(), 50)
        return true
      },
    })
    const session = sessionWith(target('h', { url: server.url }))
    await expect(callByName(session, 'echo')).rejects.toMatchObject({ code: 'mcp_closed' })
    expect(server.messages.filter(({ method }) => method === 'tools/call')).toHaveLength(1)
  })

  it('whose call is cancelled is told, and its connection is given back', async () => {
    let ended = false
    const server = await httpServer({
      on: ({ message, response }) => {
        if (message.method !== 'tools/call') return undefined
        response.on('close', () => {
          ended = true
        })
        response.writeHead(200, { 'content-type': 'text/event-stream' }).write(': begun\n\n')
        return true
      },
    })
    const session = sessionWith(target('h', { url: server.url }))
    await session.tools()
    const stop = new AbortController()
    const call = callByName(session, 'wait', {}, { signal: stop.signal })
    await expect.poll(() => server.messages.some(({ method }) => method === 'tools/call')).toBe(true)
    stop.abort()
    await expect(call).rejects.toMatchObject({ code: 'mcp_cancelled' })
    await expect
      .poll(() => server.messages.some(({ method }) => method === 'notifications/cancelled'))
      .toBe(true)
    await expect.poll(() => ended).toBe(true)
  })

  it('that closes its stream of notifications at once is not asked again and again', async () => {
    const server = await httpServer({ onStream: (response) => response.end('retry: 0\n\n') })
    const session = sessionWith(target('h', { url: server.url }))
    await session.tools()
    await settled(1_200)
    expect(server.streams.length).toBeGreaterThan(0)
    expect(server.streams.length).toBeLessThan(5)
    session.release()
  })

  it('has a stream of notifications only while somebody works with it', async () => {
    const closed: number[] = []
    const server = await httpServer({
      onStream: (response) => response.on('close', () => closed.push(closed.length)),
    })
    const pool = newPool()
    const first = pool.open(target('h', { url: server.url }))
    await first.tools()
    await expect.poll(() => server.streams.length).toBe(1)
    first.release()
    await expect.poll(() => closed.length).toBe(1)
    await settled(700)
    expect(server.streams.length).toBe(1)
    const second = pool.open(target('h', { url: server.url }))
    await expect.poll(() => server.streams.length).toBe(2)
    expect(await textOf(second, 'echo')).toBe('echo in session-1')
  })

  it('that says there that its tools changed', async () => {
    const server = await httpServer()
    const session = sessionWith(target('h', { url: server.url }))
    let told = 0
    session.onToolsChanged(() => told++)
    await session.tools()
    await expect.poll(() => server.streams.length).toBe(1)
    server.streams[0]?.write(sse({ jsonrpc: '2.0', method: 'notifications/tools/list_changed' }))
    await expect.poll(() => told).toBe(1)
    await session.tools()
    expect(server.messages.filter(({ method }) => method === 'tools/list')).toHaveLength(2)
  })

  it.each(['application/json', 'text/event-stream'])('whose answer has no end (%s)', async (type) => {
    const server = await httpServer({
      on: ({ message, response }) => {
        if (message.method !== 'tools/call') return undefined
        response.writeHead(200, { 'content-type': type })
        const more = (): void => {
          while (!response.destroyed && response.write(`data: ${'x'.repeat(65_536)}\n`));
        }
        response.on('drain', more)
        more()
        return true
      },
    })
    const session = sessionWith(target('h', { url: server.url }), { limits: { maxMessageBytes: 1_000_000 } })
    await expect(callByName(session, 'echo')).rejects.toMatchObject({ name: 'McpError' })
  })

  it('may send many events on one stream, each of which is small', async () => {
    const server = await httpServer({
      on: ({ message, response }) => {
        if (message.method !== 'tools/call') return undefined
        response.writeHead(200, { 'content-type': 'text/event-stream' })
        for (let i = 0; i < 50; i++)
          response.write(
            sse({
              jsonrpc: '2.0',
              method: 'notifications/message',
              params: { level: 'info', data: 'x'.repeat(1_000) },
            }),
          )
        response.end(
          sse({ jsonrpc: '2.0', id: message.id, result: { content: [{ type: 'text', text: 'done' }] } }),
        )
        return true
      },
    })
    const session = sessionWith(target('h', { url: server.url }), { limits: { maxMessageBytes: 5_000 } })
    expect(await textOf(session, 'echo')).toBe('done')
  })

  it('that fails at what it does not know is asked in the older way', async () => {
    const server = await httpServer({
      on: ({ message, response }) =>
        message.method === 'server/discover' ? response.writeHead(500).end('oops') : undefined,
    })
    expect(await textOf(sessionWith(target('h', { url: server.url })), 'echo')).toBe('echo in session-1')
  })

  it.each([
    [401, 'mcp_unauthorized'],
    [403, 'mcp_unauthorized'],
    [503, 'mcp_protocol'],
  ])('that refuses with %d', async (status, code) => {
    const server = await httpServer({
      on: ({ response }) => response.writeHead(status).end('<html>no</html>'),
    })
    await expect(sessionWith(target('h', { url: server.url })).tools()).rejects.toMatchObject({
      code,
      status,
    })
  })

  it('that is not there', async () => {
    const session = sessionWith(target('h', { url: 'http://127.0.0.1:1/mcp' }))
    await expect(session.tools()).rejects.toMatchObject({ code: 'mcp_connect_failed', retryable: true })
  })

  it('gets the end of the session', async () => {
    const server = await httpServer()
    const pool = newPool()
    await pool.open(target('h', { url: server.url })).tools()
    expect(server.sessions.size).toBe(1)
    await pool.close()
    expect(server.sessions.size).toBe(0)
  })
})

describe('a URL of a request', () => {
  it.each([
    'http://127.0.0.1:PORT/mcp',
    'https://127.0.0.1:PORT/mcp',
    'http://localhost:PORT/mcp',
    'http://[::1]:PORT/mcp',
    'http://[::ffff:127.0.0.1]:PORT/mcp',
    'http://2130706433:PORT/mcp',
    'https://169.254.169.254/latest',
    'https://metadata.internal/mcp',
    'https://user:password@example.com/mcp',
    'file:///etc/passwd',
  ])('does not lead inside: %s', async (url) => {
    const server = await httpServer()
    const given = url.replace('PORT', new URL(server.url).port)
    const egress = { resolve: async () => ['10.0.0.1'] }
    const session = sessionWith(target('h', { url: given }, false), { egress })
    await expect(session.tools()).rejects.toMatchObject({ code: 'mcp_refused' })
    expect(server.messages).toEqual([])
  })

  it('does not lead inside by a redirect, and no header goes along', async () => {
    const inner = await httpServer()
    const outer = await httpServer({
      on: ({ response }) => response.writeHead(307, { location: inner.url }).end(),
    })
    const session = sessionWith(target('h', { url: outer.url, headers: { 'x-key': 'secret-1' } }, false), {
      egress: { allowLoopback: true },
    })
    await expect(session.tools()).rejects.toMatchObject({ name: 'McpError' })
    expect(inner.messages).toEqual([])
  })

  it('works where the policy lets it', async () => {
    const server = await httpServer()
    const session = sessionWith(target('h', { url: server.url }, false), { egress: { allowLoopback: true } })
    expect(await textOf(session, 'echo')).toBe('echo in session-1')
  })
})
