import { viaMcp } from '@antiphon/mcp'
import { serve } from '@antiphon/server'
import { agent, type Model } from 'antiphon'
import { scripted } from 'antiphon/testing'
import OpenAI from 'openai'
import { describe, expect, it, onTestFinished } from 'vitest'
import { command, hostile } from './servers.ts'

const searching = (options: object = {}) => {
  const tool = viaMcp({
    type: 'web_search',
    aliases: ['web_search_preview'],
    server: command('everything'),
    tool: 'echo',
    description: 'Searches the web.',
    inputSchema: { type: 'object', properties: { query: { type: 'string' } }, required: ['query'] },
    arguments: ({ query }) => ({ message: `results for ${query}` }),
    ...options,
  })
  onTestFinished(() => tool.close?.())
  return tool
}

const search = { calls: [{ name: 'web_search', arguments: { query: 'tides' }, callId: 'call_1' }] }

describe('a built-in type that a server executes', () => {
  it('appears as its own item, with its own events, to the official client', async () => {
    const model = scripted([search, 'Twice a day.'])
    const server = serve(model as Model, { store: 'memory', tools: [searching()] })
    onTestFinished(() => server.close())
    const { url } = await server.listen(0)
    const client = new OpenAI({ apiKey: 'k', baseURL: `${url}/v1`, maxRetries: 0 })
    const types: string[] = []
    const stream = client.responses.stream({
      model: server.models[0] ?? '',
      input: 'Tides?',
      tools: [{ type: 'web_search_preview' }],
    })
    stream.on('event', (event) => void types.push(event.type))
    const response = await stream.finalResponse()
    expect(response.output[0]).toEqual({
      type: 'web_search_call',
      id: expect.stringMatching(/^ws_/),
      status: 'completed',
      action: { type: 'search', query: 'tides' },
    })
    expect(types.filter((type) => type.startsWith('response.web_search_call'))).toEqual([
      'response.web_search_call.in_progress',
      'response.web_search_call.searching',
      'response.web_search_call.completed',
    ])
    expect(model.requests[0]?.tools).toMatchObject([
      {
        type: 'function',
        name: 'web_search',
        description: 'Searches the web.',
        parameters: { required: ['query'] },
      },
    ])
    expect(JSON.stringify(model.requests[1]?.input)).toContain('Echo: results for tides')
  })

  it('has the fields that its author says, and is told of the declaration', async () => {
    const tool = searching({
      arguments: ({ query }: { query: string }, declaration: { type: string }) => ({
        message: `${query} by ${declaration.type}`,
      }),
      result: (input: { query: string }, { text }: { text: string }) => ({
        action: {
          type: 'search',
          query: input.query,
          sources: [{ type: 'url', url: `https://x/${text.length}` }],
        },
      }),
    })
    const model = scripted([search, 'Yes.'])
    const result = await agent({ model, tools: [tool] })
      .run('Tides?')
      .result()
    expect(result.toolItems).toMatchObject([
      {
        type: 'web_search_call',
        action: { sources: [{ url: `https://x/${'Echo: tides by web_search'.length}` }] },
      },
    ])
  })

  it('that fails is a failed item', async () => {
    const tool = viaMcp({ type: 'code_interpreter', server: hostile('plain'), tool: 'fail' })
    onTestFinished(() => tool.close?.())
    const model = scripted([{ calls: [{ name: 'code_interpreter', arguments: { code: '1' } }] }, 'No.'])
    const result = await agent({ model, tools: [tool] })
      .run('?')
      .result()
    expect(result.toolItems).toMatchObject([
      { type: 'code_interpreter_call', status: 'failed', code: '1', outputs: null },
    ])
    expect(JSON.stringify(model.requests[1]?.input)).toMatch(/disk full/)
  })

  it('says what is missing where the server has no such tool', async () => {
    const run = agent({ model: scripted(['never']), tools: [searching({ tool: 'nothing' })] }).run('?')
    await expect(run.result()).rejects.toThrow(/no tool "nothing"\. It has: echo/)
  })

  it('of a name of your own has an item of that name', async () => {
    const tool = viaMcp({ type: 'lookup', server: hostile('plain'), tool: 'pid' })
    onTestFinished(() => tool.close?.())
    const model = scripted([{ calls: [{ name: 'lookup', arguments: {} }] }, 'Ok.'])
    const result = await agent({ model, tools: [tool] })
      .run('?')
      .result()
    expect(result.toolItems).toMatchObject([{ type: 'lookup_call', status: 'completed' }])
  })
})
