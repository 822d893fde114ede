import type { OutputItem, ResponseEvent } from '@antiphon/client'
import { agent, type BuiltInTool, tool, toolOutput, WireRefusal } from 'antiphon'
import { type ScriptStep, scripted } from 'antiphon/testing'
import OpenAI from 'openai'
import { afterEach, describe, expect, it } from 'vitest'
import { z } from 'zod'
import { serve } from '../src/serve.ts'
import type { ServeOptions } from '../src/serve-options.ts'

const open: { close(): Promise<void> }[] = []
afterEach(async () => {
  for (const server of open.splice(0)) await server.close()
})

/** A file search over three words, in the shapes of the wire. */
const finder = (): BuiltInTool & { readonly tenants: string[] } => {
  const tenants: string[] = []
  return {
    kind: 'built-in',
    name: 'file_search',
    types: ['file_search'],
    declaration: { type: 'file_search', vector_store_ids: ['vs_1'] },
    itemTypes: ['file_search_call'],
    includes: ['file_search_call.results'],
    tenants,
    open(declaration, { tenant, include }) {
      const { vector_store_ids: ids } = declaration as { vector_store_ids?: string[] }
      if (ids?.[0] !== 'vs_1')
        throw new WireRefusal(404, `Vector store '${ids?.[0]}' not found.`, { param: 'vector_store_ids' })
      tenants.push(tenant)
      return {
        tools: [
          tool({
            name: 'file_search',
            inputSchema: z.object({ query: z.string() }),
            effect: 'read',
            execute: ({ query }) =>
              toolOutput({
                content: `<page>${query} is a song. secret-page-text</page>`,
                details: { query, text: 'a song' },
              }),
            view: {
              idPrefix: 'fs',
              begin: ({ id }) => ({
                item: { type: 'file_search_call', id, status: 'in_progress', queries: [] } as OutputItem,
                events: [
                  { type: 'response.file_search_call.in_progress', item_id: id },
                  { type: 'response.file_search_call.searching', item_id: id },
                ],
              }),
              end: ({ id, outcome, details }) => {
                const { query } = (details ?? {}) as { query?: string }
                return {
                  events: [{ type: 'response.file_search_call.completed', item_id: id }],
                  item: {
                    type: 'file_search_call',
                    id,
                    status: outcome === 'ok' ? 'completed' : 'failed',
                    queries: query === undefined ? [] : [query],
                    results: include.has('file_search_call.results')
                      ? [{ file_id: 'file-1', filename: 'a.md', score: 1, text: 'a song', attributes: {} }]
                      : null,
                  } as OutputItem,
                }
              },
            },
          }),
        ],
        annotate: (text) => {
          const at = text.indexOf('[a.md]')
          return at === -1 ? [] : [{ type: 'file_citation', file_id: 'file-1', filename: 'a.md', index: at }]
        },
      }
    },
    endpoints: [
      {
        method: 'GET',
        path: '/vector_stores/:id',
        handle: async ({ params, tenant }) => {
          if (params.id !== 'vs_1') throw new WireRefusal(404, 'No such vector store.')
          return { json: { id: 'vs_1', tenant } }
        },
      },
      {
        method: 'POST',
        path: '/vector_stores/:id/echo',
        handle: async ({ body }) => {
          const pieces: Uint8Array[] = []
          for await (const piece of body()) pieces.push(piece)
          return { content: Buffer.concat(pieces), contentType: 'text/plain', filename: 'ä.txt' }
        },
      },
    ],
  }
}

const search = (query: string, callId?: string) => ({
  name: 'file_search',
  arguments: { query },
  ...(callId === undefined ? {} : { callId }),
})

const served = async (steps: readonly ScriptStep[], options: ServeOptions = {}) => {
  const model = scripted(steps)
  const tool = finder()
  const server = serve(model, { store: 'memory', tools: [tool], ...options })
  open.push(server)
  const { url } = await server.listen(0)
  const client = new OpenAI({ apiKey: 'k', baseURL: `${url}/v1`, maxRetries: 0 })
  return { model, tool, url, client, name: server.models[0] ?? '' }
}

const fileSearch = { type: 'file_search' as const, vector_store_ids: ['vs_1'] }

describe('a request that declares a built-in tool of the server', () => {
  it('gets its calls as items of their own, streamed in order, and the text with what it points to', async () => {
    const { client, model, name } = await served([{ calls: [search('chant')] }, 'It is a song [a.md].'])
    const events: ResponseEvent[] = []
    const stream = client.responses.stream({ model: name, input: 'What is a chant?', tools: [fileSearch] })
    stream.on('event', (event) => void events.push(event as never))
    const response = await stream.finalResponse()

    expect(response.output.map(({ type }) => type)).toEqual(['file_search_call', 'message'])
    expect(response.output[0]).toMatchObject({ status: 'completed', queries: ['chant'], results: null })
    expect(response.output[1]).toMatchObject({
      content: [
        {
          annotations: [{ type: 'file_citation', file_id: 'file-1', filename: 'a.md', index: 13 }],
        },
      ],
    })
    const types = events.map(({ type }) => type as string)
    expect(types.slice(2, 7)).toEqual([
      'response.output_item.added',
      'response.file_search_call.in_progress',
      'response.file_search_call.searching',
      'response.file_search_call.completed',
      'response.output_item.done',
    ])
    expect(types).toContain('response.output_text.annotation.added')
    expect(types.indexOf('response.output_text.annotation.added')).toBeLessThan(
      types.indexOf('response.output_text.done'),
    )
    expect(JSON.stringify(events)).not.toContain('secret-page-text')
    expect(model.requests[0]?.tools).toMatchObject([{ type: 'function', name: 'file_search' }])
    expect(JSON.stringify(model.requests[1]?.input)).toContain('secret-page-text')
    expect(response.tools).toMatchObject([fileSearch])
  })

  it('goes on from its calls as the model knew them, also without the tool, and shows nobody what they held', async () => {
    const { client, model, name } = await served([{ calls: [search('chant')] }, 'A song.', 'Yes.', 'No.'])
    const first = await client.responses.create({ model: name, input: 'What is it?', tools: [fileSearch] })
    const second = await client.responses.create({
      model: name,
      input: 'Sure?',
      previous_response_id: first.id,
      tools: [fileSearch],
    })
    const third = await client.responses.create({
      model: name,
      input: 'Really?',
      previous_response_id: second.id,
    })
    for (const request of model.requests.slice(2)) {
      expect(request.input).toMatchObject([
        { role: 'user' },
        { type: 'function_call', name: 'file_search' },
        { type: 'function_call_output', output: expect.stringContaining('secret-page-text') },
        { type: 'message', role: 'assistant' },
        { role: 'user' },
        ...(request === model.requests[3] ? [{ role: 'assistant' }, { role: 'user' }] : []),
      ])
      expect(JSON.stringify(request)).not.toContain('antiphon_history')
    }
    const listed = await client.responses.inputItems.list(third.id)
    expect(listed.data.map(({ type }) => type)).toContain('file_search_call')
    expect(JSON.stringify(listed.data)).not.toContain('secret-page-text')
    expect(JSON.stringify(await client.responses.retrieve(first.id))).not.toContain('secret-page-text')
  })

  it('takes its own items back from a client that keeps the history itself', async () => {
    const { client, model, name } = await served([{ calls: [search('chant')] }, 'A song.', 'Yes.'])
    const first = await client.responses.create({
      model: name,
      input: 'What is it?',
      tools: [fileSearch],
      store: false,
    })
    await client.responses.create({
      model: name,
      input: [...(first.output as never[]), { role: 'user', content: 'Sure?' }],
      tools: [fileSearch],
      store: false,
    })
    expect(JSON.stringify(model.requests[2]?.input)).not.toContain('"file_search_call","id"')
    expect(JSON.stringify(model.requests[2]?.input)).toContain('chant')
  })

  it('honours `include` and does not pass it on', async () => {
    const { client, model, name } = await served([{ calls: [search('chant')] }, 'A song.'])
    const response = await client.responses.create({
      model: name,
      input: '?',
      tools: [fileSearch],
      include: ['file_search_call.results'],
    })
    expect(response.output[0]).toMatchObject({ results: [{ filename: 'a.md' }] })
    expect(model.requests[0]?.include).toBeUndefined()
  })

  it('holds `max_tool_calls` over parallel calls and rounds; what is over it is not run or shown, and the model is told', async () => {
    const { client, model, name } = await served([
      { calls: [search('one'), search('two'), search('three')] },
      { calls: [search('four')] },
      'Enough.',
    ])
    const response = await client.responses.create({
      model: name,
      input: '?',
      tools: [fileSearch],
      ...{ max_tool_calls: 2 },
    })
    expect(response.output.map(({ type }) => type)).toEqual([
      'file_search_call',
      'file_search_call',
      'message',
    ])
    expect(JSON.stringify(model.requests[1]?.input)).toContain('2 tool calls were allowed')
    expect(response.status).toBe('completed')
  })

  it('leaves the functions of the client to the client, beside its own', async () => {
    const { client, name } = await served([{ calls: [search('chant'), { name: 'book', arguments: {} }] }])
    const response = await client.responses.create({
      model: name,
      input: '?',
      tools: [fileSearch, { type: 'function', name: 'book', parameters: {}, strict: false }],
    })
    expect(response.output.map(({ type }) => type)).toEqual(['file_search_call', 'function_call'])
  })

  it('can be made to call the tool', async () => {
    const { client, model, name } = await served([{ calls: [search('chant')] }, 'A song.'])
    await client.responses.create({
      model: name,
      input: '?',
      tools: [fileSearch],
      tool_choice: { type: 'file_search' },
    })
    expect(model.requests[0]?.tool_choice).toEqual({ type: 'function', name: 'file_search' })
  })

  it('is refused with the field that is wrong, before the model is asked', async () => {
    const { client, model, name } = await served(['never'])
    const asked = client.responses.create({
      model: name,
      input: '?',
      tools: [{ type: 'file_search', vector_store_ids: ['vs_9'] }],
    })
    await expect(asked).rejects.toMatchObject({ status: 404, param: 'tools[0].vector_store_ids' })
    expect(model.requests).toEqual([])
  })

  it('that declares none stays as plain as it was', async () => {
    const { client, model, tool, name } = await served(['Hello.'])
    await client.responses.create({ model: name, input: 'Hi', tools: [{ type: 'web_search' }] })
    expect(model.requests[0]?.tools).toEqual([{ type: 'web_search' }])
    expect(tool.tenants).toEqual([])
  })
})

describe('an agent with a built-in tool, served', () => {
  it('uses it for every request, and shows its calls by their type', async () => {
    const own = finder()
    const model = scripted([{ calls: [search('chant')] }, 'A song [a.md].'])
    const server = serve(agent({ name: 'guide', model, tools: [own] }), {
      store: 'memory',
      keys: { ada: ['key-of-ada-0123456789'] },
    })
    open.push(server)
    const { url } = await server.listen(0)
    const client = new OpenAI({ apiKey: 'key-of-ada-0123456789', baseURL: `${url}/v1`, maxRetries: 0 })
    const response = await client.responses.create({ model: 'guide', input: '?' })
    expect(response.output.map(({ type }) => type)).toEqual(['file_search_call', 'message'])
    expect(own.tenants).toEqual(['ada'])
  })
})

describe('endpoints of a built-in tool', () => {
  it('are routes of the server: JSON, bytes both ways, refusals as the wire has them', async () => {
    const { url } = await served([])
    const found = await fetch(`${url}/v1/vector_stores/vs_1`)
    expect(await found.json()).toEqual({ id: 'vs_1', tenant: 'local' })
    const missing = await fetch(`${url}/v1/vector_stores/vs_2`)
    expect(missing.status).toBe(404)
    expect(await missing.json()).toMatchObject({ error: { type: 'invalid_request_error' } })
    const bytes = Buffer.alloc(300_000, 'x')
    const echoed = await fetch(`${url}/v1/vector_stores/vs_1/echo`, { method: 'POST', body: bytes })
    expect(Buffer.from(await echoed.arrayBuffer()).equals(bytes)).toBe(true)
    expect(echoed.headers.get('content-disposition')).toBe("attachment; filename*=UTF-8''%C3%A4.txt")
    const capabilities = (await (await fetch(`${url}/v1/capabilities`)).json()) as { endpoints: string[] }
    expect(capabilities).toMatchObject({ tools: [{ name: 'file_search', runs: 'auto' }] })
    expect(capabilities.endpoints).toContain('vector_stores')
  })

  it('take uploads up to their limit, and no further', async () => {
    const { url } = await served([], { maxUploadBytes: 1_000 })
    const refused = await fetch(`${url}/v1/vector_stores/vs_1/echo`, {
      method: 'POST',
      body: Buffer.alloc(2_000),
    })
    expect(refused.status).toBe(413)
    const body = new ReadableStream({
      start(controller) {
        for (let n = 0; n < 20; n++) controller.enqueue(new Uint8Array(100))
        controller.close()
      },
    })
    const streamed = await fetch(`${url}/v1/vector_stores/vs_1/echo`, {
      method: 'POST',
      body,
      duplex: 'half',
    } as RequestInit)
    expect(streamed.status).toBe(413)
  })
})
