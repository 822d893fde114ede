import { serveMcp } from '@antiphon/mcp'
import { type Agent, agent } from 'antiphon'
import { scripted } from 'antiphon/testing'
import { expect, it, onTestFinished } from 'vitest'
import { DEFAULT_LIMITS } from '../src/connection/limits.ts'
import { openConnection } from '../src/connection/open-connection.ts'
import { httpServer } from './http-server.ts'
import { target } from './servers.ts'

const options = { limits: DEFAULT_LIMITS, egress: {}, clientInfo: { name: 'test', version: '1' } }

it('speaks the protocol of 2026 over HTTP where the server does, and that of 2025 where it does not', async () => {
  const served = await serveMcp(agent({ model: scripted(['Hello.']) }) as Agent<unknown>, {
    transport: 'http',
  })
  onTestFinished(served.close)
  const newer = await openConnection(target('new', { url: served.url ?? '' }), options)
  onTestFinished(newer.close)
  expect(newer.client.getProtocolEra()).toBe('modern')
  const older = await openConnection(target('old', { url: (await httpServer()).url }), options)
  onTestFinished(older.close)
  expect(older.client.getProtocolEra()).toBe('legacy')
})

it('sends one authorization, also where a header says another', async () => {
  const seen: unknown[] = []
  const server = await httpServer({
    on: ({ request }) => {
      seen.push(request.headers.authorization)
      return undefined
    },
  })
  const given = { url: server.url, headers: { Authorization: 'Basic other' }, authorization: 'the-token' }
  const connection = await openConnection(target('a', given), options)
  onTestFinished(connection.close)
  expect(new Set(seen)).toEqual(new Set(['Bearer the-token']))
})
