import { describe, expect, it } from 'vitest'
import { hostile, target } from './servers.ts'
import { callByName, newPool, sessionWith, textOf } from './using.ts'

const open = (mode: string, options: Parameters<typeof sessionWith>[1] = {}) =>
  sessionWith(target('h', hostile(mode)), options)

const isAlive = (pid: number): boolean => {
  try {
    process.kill(pid, 0)
    return true
  } catch {
    return false
  }
}

describe('the list of a server that means harm', () => {
  it('ends at the limit of pages, and says so', async () => {
    const { tools, problems } = await open('endless', { limits: { maxPages: 7 } }).tools()
    expect(tools).toHaveLength(7)
    expect(problems.join()).toMatch(/more than 7 pages/)
  })

  it('ends where pages go round in a circle', async () => {
    const { tools, problems } = await open('circle').tools()
    expect(tools.map(({ name }) => name)).toEqual(['page-0', 'page-a', 'page-b'])
    expect(problems.join()).toMatch(/circle/)
  })

  it.each(['many', 'large-list'])('is cut at its limits (%s)', async (mode) => {
    const { tools, problems } = await open(mode, { limits: { maxTools: 100, maxListChars: 300_000 } }).tools()
    expect(tools.length).toBeGreaterThan(0)
    expect(tools.length).toBeLessThanOrEqual(100)
    expect(JSON.stringify(tools).length).toBeLessThan(310_000)
    expect(problems.join()).toMatch(/longer than its limits/)
  })

  it('has the same bytes whatever order it was told in, names that are there twice included', async () => {
    const told: string[] = []
    for (let run = 0; run < 2; run++) {
      const session = open('shuffled')
      // The server turns its order round with each list.
      if (run === 1) await callByName(session, 'a').catch(() => {})
      const pool = newPool()
      const other = pool.open(target('h', hostile('shuffled')))
      told.push(JSON.stringify((await session.tools()).tools), JSON.stringify((await other.tools()).tools))
    }
    expect(new Set(told).size).toBe(1)
    const names = (JSON.parse(told[0]!) as { name: string }[]).map(({ name }) => name)
    expect(names).toEqual(['B', 'a', 'a-1', 'b', 'c', 'twice', 'ä'])
  })

  it('loses only the tools that are broken, and says which', async () => {
    const { tools, problems } = await open('broken').tools()
    expect(tools).toEqual([
      { name: 'good', description: 'The tool good.', input_schema: { type: 'object', properties: {} } },
    ])
    expect(problems).toHaveLength(10)
    expect(problems.join('\n')).toMatch(/deep: its schema is too deep/)
    expect(problems.join('\n')).not.toMatch(/nnnnn.{300}/)
  })

  it('has descriptions without what cannot be seen, and of a bounded length', async () => {
    const { tools } = await open('poisoned').tools()
    const description = tools[0]?.description ?? ''
    expect(description.slice(0, 8)).toBe('Adds.yyy')
    expect(description.length).toBeLessThanOrEqual(4_098)
    expect(description).not.toMatch(/[\u{e0000}-\u{e007f}]/u)
  })
})

describe('a call of a server that means harm', () => {
  it('fails when the server dies in the middle, and is not made again; the next call has a new one', async () => {
    const session = open('plain')
    const first = await textOf(session, 'pid')
    await expect(callByName(session, 'die')).rejects.toMatchObject({ code: 'mcp_closed', retryable: true })
    const second = await textOf(session, 'pid')
    expect(second).not.toBe(first)
    expect(isAlive(Number(first))).toBe(false)
  })

  it('ends the connection over a message that is too long', async () => {
    const session = open('plain')
    await expect(callByName(session, 'giant')).rejects.toMatchObject({ code: 'mcp_closed' })
    expect(await textOf(session, 'pid')).toMatch(/^\d+$/)
  })

  it('has a result of a bounded length, cut in its middle, and the cut is told', async () => {
    const text = await textOf(open('plain', { limits: { maxResultChars: 1_000 } }), 'big')
    expect(text.length).toBeLessThan(1_100)
    expect(text).toMatch(/x\n\[… 999000 characters were left out …\]\nx/)
  })

  it('has its time limit, tells the server, and the server is asked whether it is there', async () => {
    const session = open('plain', { limits: { callTimeoutMs: 200 } })
    await expect(callByName(session, 'wait')).rejects.toMatchObject({ code: 'mcp_timeout' })
    await expect.poll(() => textOf(session, 'cancelled')).toBe('1')
  })

  it('leaves a server that answers nothing any more', async () => {
    const session = open('plain', { limits: { callTimeoutMs: 200 } })
    const first = await textOf(session, 'pid')
    await expect(callByName(session, 'mute')).rejects.toMatchObject({ code: 'mcp_timeout' })
    await expect.poll(() => textOf(session, 'pid').catch(() => first), { timeout: 20_000 }).not.toBe(first)
  })

  it('is cancelled at the server when the run is', async () => {
    const session = open('plain')
    await session.tools()
    const stop = new AbortController()
    const call = callByName(session, 'wait', {}, { signal: stop.signal })
    setTimeout(() => stop.abort(), 100)
    await expect(call).rejects.toMatchObject({ code: 'mcp_cancelled' })
    await expect.poll(() => textOf(session, 'cancelled')).toBe('1')
  })

  it('passes few of many thousand notices of progress on', async () => {
    const seen: number[] = []
    const onProgress = ({ progress }: { progress: number }): void => void seen.push(progress)
    const session = open('plain')
    const result = await callByName(session, 'flood', {}, { onProgress })
    expect(result.outcome).toBe('ok')
    expect(seen.length).toBeGreaterThan(0)
    expect(seen.length).toBeLessThan(500)
    expect(seen).toEqual([...seen].sort((a, b) => a - b))
  })

  it('says that it failed: a result; refuses the call: an error with its code', async () => {
    const session = open('plain')
    expect(await callByName(session, 'fail')).toEqual({
      outcome: 'failed',
      text: 'disk full',
      error: { type: 'mcp_tool_execution_error', content: [{ type: 'text', text: 'disk full' }] },
    })
    await expect(callByName(session, 'refuse')).rejects.toMatchObject({
      code: 'mcp_protocol',
      status: -32_602,
    })
  })
})

describe('the process of a server', () => {
  it('gets no more of the environment than it was given', async () => {
    process.env.ANTIPHON_TEST_SECRET = 'sk-of-this-process'
    process.env.ANTIPHON_TEST_SHARED = 'shared'
    const server = { ...hostile('plain', { OWN: 'own' }), inheritEnv: ['ANTIPHON_TEST_SHARED'] }
    const env = JSON.parse(await textOf(sessionWith(target('h', server)), 'env')) as Record<string, string>
    expect(env).toMatchObject({ OWN: 'own', ANTIPHON_TEST_SHARED: 'shared' })
    expect(
      Object.keys(env).filter(
        (name) => !/^(HOME|LOGNAME|PATH|SHELL|TERM|USER|OWN|ANTIPHON_TEST_SHARED|__CF.*|PWD)$/.test(name),
      ),
    ).toEqual([])
    delete process.env.ANTIPHON_TEST_SECRET
    delete process.env.ANTIPHON_TEST_SHARED
  })

  it('is ended with all that it started, though it listens to nothing', async () => {
    const said: string[] = []
    const server = { ...hostile('stubborn'), onStderr: (text: string) => void said.push(text) }
    const pool = newPool()
    const pid = Number(await textOf(pool.open(target('h', server)), 'pid'))
    await expect.poll(() => said.join('')).toMatch(/child \d+/)
    const child = Number(/child (\d+)/.exec(said.join(''))?.[1])
    expect([isAlive(pid), isAlive(child)]).toEqual([true, true])
    await pool.close()
    await expect.poll(() => [isAlive(pid), isAlive(child)]).toEqual([false, false])
  })

  it('may print what is no message', async () => {
    expect(await textOf(open('noisy'), 'pid')).toMatch(/^\d+$/)
  })

  it.each([
    ['is not there', { command: '/no/such/command' }, /command was not found/],
    ['ends at once', hostile('crash'), /connection ended/],
    ['says nothing', hostile('dumb'), /did not answer in time/],
  ])('%s: an error that says so', async (_, server, message) => {
    const session = sessionWith(target('h', server), { limits: { connectTimeoutMs: 1_000 } })
    await expect(session.tools()).rejects.toThrow(message)
    await expect(session.tools()).rejects.toMatchObject({ name: 'McpError' })
  })
})

describe('a list that changes', () => {
  it('is told, and is new at the next run', async () => {
    const session = open('plain')
    let told = 0
    session.onToolsChanged(() => told++)
    const before = await session.tools()
    expect(await session.tools()).toBe(before)
    await textOf(session, 'change')
    await expect.poll(() => told).toBe(1)
    const names = (await session.tools()).tools.map(({ name }) => name)
    expect(names).toContain('extra')
    expect(before.tools.map(({ name }) => name)).not.toContain('extra')
    expect(await textOf(session, 'lists')).toBe('2')
  })
})
