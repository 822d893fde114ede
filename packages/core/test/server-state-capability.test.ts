import { agent, offline } from 'antiphon'
import { scripted, text } from 'antiphon/testing'
import { describe, expect, it } from 'vitest'

describe('server state with a model that keeps nothing', () => {
  it('sends the whole history when the mode is only a preference', async () => {
    const model = Object.assign(scripted([text('one'), text('two')]), {
      capabilities: { serverState: false },
    })
    const assistant = agent({ model, state: 'server' })
    const run = assistant.run('first')
    run.followUp('second')
    const result = await run.result()
    expect(result.text).toBe('two')
    expect(model.requests.map((request) => (request.input as unknown[]).length)).toEqual([1, 3])
    expect(model.requests.every((request) => request.previous_response_id === undefined)).toBe(true)
  })

  it('refuses what only a server could know', () => {
    const assistant = agent({ model: offline() })
    expect(() => assistant.run('hello', { previousResponseId: 'resp_1' })).toThrow(/keeps no responses/)
    expect(() => assistant.run('hello', { state: { conversation: 'conv_1' } })).toThrow(/keeps no responses/)
  })
})
