import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type PostgresServer, startPostgres } from '../../store/test/postgres-server.ts'
import { expectOneStream, newPlace, type Place, serverProgram, startServer } from './crash.ts'
import { idOf, type ReadEvent, resumeResponse, streamResponse } from './event-reader.ts'
import { heldUpstream } from './held-upstream.ts'

let postgres: PostgresServer
beforeAll(async () => {
  ;[postgres] = await Promise.all([startPostgres(), serverProgram()])
})
afterAll(() => postgres?.stop())

const says = (text: string) => (event: ReadEvent) => String(event.delta ?? '').includes(text)

const STORES: readonly (readonly [string, (place: Place) => string | Promise<string>])[] = [
  ['one SQLite file', (place) => place.file],
  ['one Postgres database', () => postgres.schema()],
]

describe.each(STORES)('two servers on %s', (_name, storeOf) => {
  const two = async () => {
    const place = newPlace()
    const upstream = await heldUpstream()
    const store = await storeOf(place)
    const start = () => startServer(place, { store, upstream: upstream.url })
    const [runs, other] = [await start(), await start()]
    return { place, upstream, runs, other, start }
  }

  it('serve readers of what the other one runs, also while it goes on', async () => {
    const { upstream, runs, other } = await two()
    const reader = streamResponse(runs.url, { model: 'slow', input: 'Go', background: true })
    const answer = await upstream.answer(0)
    const id = await idOf(reader)
    answer.say('One,')
    const far = resumeResponse(other.url, id)
    await far.until(says('One,'))
    answer.say(' two.')
    await far.until(says(' two.'))
    answer.finish()
    expect(await far.over).toBe('done')
    expect(await reader.over).toBe('done')
    expect(far.events).toEqual(reader.events)
    expect((await expectOneStream(other.url, id, [far])).status).toBe('completed')
  })

  it('give every reader the same events, wherever the end is read', async () => {
    const { runs, other } = await two()
    for (let n = 0; n < 8; n++) {
      const reader = streamResponse(runs.url, { model: 'worker', input: 'Go', background: true })
      const id = await idOf(reader)
      const far = resumeResponse(other.url, id)
      await Promise.all([reader.over, far.over])
      expect(far.events).toEqual(reader.events)
      await expectOneStream(other.url, id, [far])
    }
  })

  it('cancel what the other one runs', async () => {
    const { upstream, runs, other } = await two()
    const reader = streamResponse(runs.url, { model: 'slow', input: 'Go', background: true })
    const answer = await upstream.answer(0)
    const id = await idOf(reader)
    answer.say('One,')
    const far = resumeResponse(other.url, id)
    await Promise.all([reader, far].map((one) => one.until(says('One,'))))
    const cancelled = await fetch(`${other.url}/responses/${id}/cancel`, { method: 'POST' })
    expect(cancelled.status).toBe(200)
    expect(await cancelled.json()).toMatchObject({ id, status: 'cancelled' })
    await answer.closed
    expect(await Promise.all([reader.over, far.over])).toEqual(['done', 'done'])
    expect(far.events).toEqual(reader.events)
    const response = await expectOneStream(runs.url, id, [reader])
    expect(response).toMatchObject({ status: 'cancelled', output: [{ status: 'incomplete' }] })
  })

  it('take over what the other one ran when it is killed', async () => {
    const { upstream, runs, other } = await two()
    const reader = streamResponse(runs.url, { model: 'slow', input: 'Go', background: true })
    const answer = await upstream.answer(0)
    const id = await idOf(reader)
    answer.say('One,')
    const far = resumeResponse(other.url, id)
    await Promise.all([reader, far].map((one) => one.until(says('One,'))))
    await runs.kill()
    const again = await upstream.answer(1)
    again.say('One, two.')
    again.finish()
    expect(await far.over).toBe('done')
    const rest = resumeResponse(other.url, id, reader.last())
    expect(await rest.over).toBe('done')
    expect((await expectOneStream(other.url, id, [reader, rest])).status).toBe('completed')
    expect(far.events).toEqual([...reader.events, ...rest.events])
  })

  it('cancel for good what nobody runs any more', async () => {
    const { upstream, runs, other } = await two()
    const reader = streamResponse(runs.url, { model: 'slow', input: 'Go', background: true })
    const answer = await upstream.answer(0)
    const id = await idOf(reader)
    answer.say('One,')
    await reader.until(says('One,'))
    await runs.kill()
    const again = await upstream.answer(1)
    expect((await fetch(`${other.url}/responses/${id}/cancel`, { method: 'POST' })).status).toBe(200)
    await again.closed
    const rest = resumeResponse(other.url, id, reader.last())
    expect(await rest.over).toBe('done')
    expect((await expectOneStream(other.url, id, [reader, rest])).status).toBe('cancelled')
  })
})
