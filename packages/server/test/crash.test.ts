import { beforeAll, describe, expect, it } from 'vitest'
import { expectOneStream, newPlace, serverProgram, startServer } from './crash.ts'
import { type EventReader, idOf, type ReadEvent, resumeResponse, streamResponse } from './event-reader.ts'
import { heldUpstream } from './held-upstream.ts'

beforeAll(async () => void (await serverProgram()))

const isDelta = (event: ReadEvent): boolean => event.type === 'response.output_text.delta'
const textOf = (response: Record<string, unknown>): string =>
  (response.output as { content?: { text?: string }[] }[])
    .flatMap(({ content }) => content ?? [])
    .map(({ text }) => text ?? '')
    .join('')
const post = async (
  url: string,
  body: object,
): Promise<{ status: number; body: Record<string, unknown> }> => {
  const answer = await fetch(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  })
  return { status: answer.status, body: (await answer.json()) as Record<string, unknown> }
}
const callsOf = (response: Record<string, unknown>) =>
  (response.output as { type: string; name?: string; output?: string | null; error?: unknown }[]).filter(
    ({ type }) => type === 'mcp_call',
  )

describe('a background response whose server is killed', () => {
  it('is asked of the model anew after the restart, and its reader goes on where it was', async () => {
    const place = newPlace()
    const upstream = await heldUpstream()
    const first = await startServer(place, { upstream: upstream.url })
    const reader = streamResponse(first.url, { model: 'slow', input: 'Go', background: true })
    const asked = await upstream.answer(0)
    const id = await idOf(reader)
    asked.say('One, ')
    asked.say('two')
    await reader.until((event) => event.delta === 'two' || event.delta === 'One, two')
    await first.kill()
    expect(await reader.over).toBe('cut')

    const second = await startServer(place, { upstream: upstream.url })
    const rest = resumeResponse(second.url, id, reader.last())
    const again = await upstream.answer(1)
    expect(again.asked.input).toEqual(asked.asked.input)
    again.say('One, two')
    again.say(' and three.')
    again.finish()
    expect(await rest.over).toBe('done')
    const response = await expectOneStream(second.url, id, [reader, rest])
    expect(response.status).toBe('completed')
    expect(textOf(response)).toContain('three.')
  })

  it('runs no tool again that is recorded, and says of a write under way that nobody knows', async () => {
    const place = newPlace()
    const first = await startServer(place)
    const lift = place.bar('write')
    const reader = streamResponse(first.url, { model: 'worker', input: 'Go', background: true })
    const id = await idOf(reader)
    await expect.poll(() => place.effects()).toEqual(['begin read', 'did read', 'begin write'])
    await first.kill()
    await reader.over
    lift()
    const second = await startServer(place)
    const rest = resumeResponse(second.url, id, reader.last())
    expect(await rest.over).toBe('done')
    expect(place.effects()).toEqual(['begin read', 'did read', 'begin write'])
    const response = await expectOneStream(second.url, id, [reader, rest])
    expect(response.status).toBe('completed')
    const [read, write] = callsOf(response)
    expect(read).toMatchObject({ name: 'read', output: 'read is done' })
    expect(JSON.stringify(write)).toContain('Unknown outcome')
  })

  it('is given up when its server ends each time', async () => {
    const place = newPlace()
    const lift = place.bar('read')
    let server = await startServer(place)
    const { body } = await post(`${server.url}/responses`, { model: 'worker', input: 'Go', background: true })
    for (let begun = 1; begun <= 5; begun++) {
      await expect.poll(() => place.effects().length).toBe(begun)
      await server.kill()
      server = await startServer(place)
    }
    lift()
    const reader = resumeResponse(server.url, String(body.id))
    expect(await reader.over).toBe('done')
    const response = await expectOneStream(server.url, String(body.id), [reader])
    expect(response).toMatchObject({ status: 'failed', error: { code: 'server_error' } })
  })
})

describe('a stream in the foreground whose server is killed', () => {
  it('has failed, and who comes back is told so', async () => {
    const place = newPlace()
    const upstream = await heldUpstream()
    const first = await startServer(place, { upstream: upstream.url })
    const reader = streamResponse(first.url, { model: 'slow', input: 'Go' })
    const asked = await upstream.answer(0)
    const id = await idOf(reader)
    asked.say('One')
    await reader.until(isDelta)
    await first.kill()
    await reader.over
    const second = await startServer(place, { upstream: upstream.url })
    const rest = resumeResponse(second.url, id, reader.last())
    expect(await rest.over).toBe('done')
    const response = await expectOneStream(second.url, id, [reader, rest])
    expect(response.status).toBe('failed')
    expect(rest.events.map(({ type }) => type).slice(-2)).toEqual(['error', 'response.failed'])
    expect(upstream.count()).toBe(1)
  })
})

describe('a server that is killed at any point of a response', () => {
  it('leaves it to the next one, which ends it as if nothing had been', { timeout: 120_000 }, async () => {
    const place = newPlace()
    let server = await startServer(place)
    let died = 0
    const until = performance.now() + 20_000
    for (let point = 0; performance.now() < until; point++) {
      const before = place.effects().length
      const reader = streamResponse(server.url, {
        model: 'worker',
        input: 'Go',
        background: true,
        metadata: { die: String(point) },
      })
      const how = await reader.over
      const readers: EventReader[] = [reader]
      let id = (reader.events[0] as { response?: { id: string } } | undefined)?.response?.id
      if (how === 'cut') {
        died++
        await server.gone
        server = await startServer(place)
        // Nobody was told of it: it goes on all the same.
        if (id === undefined) {
          await expect.poll(() => place.effects().slice(before)).toContain('did write')
          continue
        }
        const rest = resumeResponse(server.url, id, reader.last())
        expect(await rest.over, `killed at point ${point}`).toBe('done')
        readers.push(rest)
      }
      id ??= await idOf(reader)
      const response = await expectOneStream(server.url, id, readers)
      expect(response.status).toBe('completed')
      const effects = place.effects().slice(before)
      // The read may be repeated where its result was not recorded; the write never is.
      expect(effects.filter((line) => line === 'begin write')).toHaveLength(1)
      if (how === 'done') {
        expect(died).toBeGreaterThan(5)
        return
      }
    }
    expect(died).toBeGreaterThan(2)
  })
})
