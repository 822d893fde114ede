import { type ServeOptions, serve } from '@antiphon/server'
import { type ScriptStep, scripted } from 'antiphon/testing'
import OpenAI, { toFile } from 'openai'
import { describe, expect, it, onTestFinished } from 'vitest'
import { type CodeInterpreterOptions, codeInterpreter } from '../src/index.ts'
import { missingPackages } from './with-containers.ts'

const run = (code: string, language?: string) => ({
  name: 'code_interpreter',
  arguments: { code, ...(language === undefined ? {} : { language }) },
})

const served = async (
  steps: readonly ScriptStep[],
  options: CodeInterpreterOptions = {},
  more: ServeOptions = {},
) => {
  const model = scripted(steps)
  const server = serve(model, {
    store: 'memory',
    tools: [codeInterpreter({ languages: ['javascript'], callTimeoutMs: 5_000, ...options })],
    ...more,
  })
  onTestFinished(() => server.close())
  const { url } = await server.listen(0)
  const clientOf = (apiKey: string) => new OpenAI({ apiKey, baseURL: `${url}/v1`, maxRetries: 0 })
  return { model, url, clientOf, client: clientOf('k'), name: server.models[0] ?? '' }
}

const auto = { type: 'code_interpreter' as const, container: { type: 'auto' as const } }

describe('code_interpreter of a server, with the official SDK', () => {
  it('streams a call with all its events, in order', async () => {
    const { client, name } = await served([{ calls: [run('console.log("out"); 6 * 7')] }, 'It is 42.'])
    const types: string[] = []
    const stream = client.responses.stream({
      model: name,
      input: '?',
      tools: [auto],
      include: ['code_interpreter_call.outputs'],
    })
    stream.on('event', (event) => void types.push(event.type))
    const response = await stream.finalResponse()
    expect(types.slice(2, 10)).toEqual([
      'response.output_item.added',
      'response.code_interpreter_call.in_progress',
      'response.code_interpreter_call_code.delta',
      'response.code_interpreter_call_code.done',
      'response.code_interpreter_call.interpreting',
      'response.code_interpreter_call.completed',
      'response.output_item.done',
      expect.stringContaining('response.'),
    ])
    expect(response.output[0]).toMatchObject({
      type: 'code_interpreter_call',
      status: 'completed',
      code: 'console.log("out"); 6 * 7',
      container_id: expect.stringMatching(/^cntr_/),
      outputs: [{ type: 'logs', logs: 'out\n42' }],
    })
  })

  it('keeps its container over a chain, and shows outputs to who asks for them alone', async () => {
    const { client, name } = await served([
      { calls: [run('var x = 1; console.log("secret")')] },
      'a',
      { calls: [run('x + 1')] },
      'b',
    ])
    const first = await client.responses.create({ model: name, input: '?', tools: [auto] })
    expect(first.output[0]).toMatchObject({ outputs: null })
    expect(JSON.stringify(first)).not.toContain('"logs"')
    const second = await client.responses.create({
      model: name,
      input: '?',
      tools: [auto],
      previous_response_id: first.id,
      include: ['code_interpreter_call.outputs'],
    })
    expect(second.output[0]).toMatchObject({ outputs: [{ type: 'logs', logs: '2' }] })
    const containers = await client.containers.list()
    expect(containers.data).toHaveLength(1)
  })

  it('containers and their files: made, filled, read and deleted', async () => {
    const { client, url, name } = await served([
      { calls: [run('writeFile("out.txt", readFile("in.txt") + "!")')] },
      'See out.txt.',
    ])
    const container = await client.containers.create({
      name: 'mine',
      expires_after: { anchor: 'last_active_at', minutes: 10 },
      memory_limit: '1g',
    })
    expect(container).toMatchObject({
      object: 'container',
      name: 'mine',
      status: 'running',
      memory_limit: '1g',
      expires_after: { anchor: 'last_active_at', minutes: 10 },
    })
    const file = await client.containers.files.create(container.id, {
      file: await toFile(Buffer.from('words'), 'in.txt'),
    })
    expect(file).toMatchObject({
      object: 'container.file',
      container_id: container.id,
      path: '/mnt/data/in.txt',
      bytes: 5,
      source: 'user',
    })

    const response = await client.responses.create({
      model: name,
      input: '?',
      tools: [{ type: 'code_interpreter', container: container.id }],
    })
    const [annotation] = (
      response.output[1] as never as { content: [{ annotations: [{ file_id: string }] }] }
    ).content[0].annotations
    expect(annotation).toMatchObject({
      type: 'container_file_citation',
      container_id: container.id,
      filename: 'out.txt',
      start_index: 4,
      end_index: 11,
    })

    const content = await client.containers.files.content.retrieve(annotation.file_id, {
      container_id: container.id,
    })
    expect(await content.text()).toBe('words!')
    expect(content.headers.get('content-type')).toBe('application/octet-stream')
    const listed = await client.containers.files.list(container.id, { order: 'asc' })
    expect(listed.data.map(({ path, source }) => [path, source])).toEqual([
      ['/mnt/data/in.txt', 'user'],
      ['/mnt/data/out.txt', 'assistant'],
    ])
    expect(await client.containers.files.retrieve(file.id, { container_id: container.id })).toEqual(file)

    await client.containers.files.delete(file.id, { container_id: container.id })
    await expect(
      client.containers.files.retrieve(file.id, { container_id: container.id }),
    ).rejects.toMatchObject({ status: 404 })
    expect(await client.containers.retrieve(container.id)).toMatchObject({ id: container.id })
    await client.containers.delete(container.id)
    await expect(client.containers.retrieve(container.id)).rejects.toMatchObject({ status: 404 })
    expect(
      (
        await fetch(`${url}/v1/containers/${container.id}`, {
          method: 'DELETE',
          headers: { authorization: 'Bearer k' },
        })
      ).status,
    ).toBe(404)
  })

  it('files of the server come in by their ids', async () => {
    const { client, name } = await served([{ calls: [run('readFile("given.txt")')] }, 'Read.'])
    const given = await client.files.create({
      file: await toFile(Buffer.from('given words'), 'given.txt'),
      purpose: 'user_data',
    })
    const response = await client.responses.create({
      model: name,
      input: '?',
      tools: [{ type: 'code_interpreter', container: { type: 'auto', file_ids: [given.id] } }],
      include: ['code_interpreter_call.outputs'],
    })
    expect(response.output[0]).toMatchObject({ outputs: [{ logs: 'given words' }] })
    const container = await client.containers.create({ name: 'with', file_ids: [given.id] })
    await client.containers.files.create(container.id, { file_id: given.id })
    expect((await client.containers.files.list(container.id)).data.map(({ path }) => path)).toEqual([
      '/mnt/data/given.txt',
    ])
  })

  it('what cannot be honoured is refused by its field', async () => {
    const { client, name } = await served(['never'], { maxContainersPerTenant: 2 })
    const asking = (container: object | string) =>
      client.responses.create({
        model: name,
        input: '?',
        tools: [{ type: 'code_interpreter', container: container as never }],
      })
    await expect(asking('cntr_none')).rejects.toMatchObject({ status: 404, param: 'tools[0].container' })
    await expect(asking({ type: 'auto', memory_limit: '64g' })).rejects.toMatchObject({
      status: 400,
      param: 'tools[0].container.memory_limit',
    })
    await expect(asking({ type: 'auto', file_ids: ['file-none'] })).rejects.toMatchObject({
      status: 404,
      param: 'tools[0].container.file_ids',
    })
    await expect(client.containers.create({} as never)).rejects.toMatchObject({ status: 400, param: 'name' })
    await expect(
      client.containers.create({ name: 'a', expires_after: { anchor: 'last_active_at', minutes: 9_999 } }),
    ).rejects.toMatchObject({ status: 400, param: 'expires_after.minutes' })
    await expect(
      client.containers.create({
        name: 'a',
        network_policy: { type: 'allowlist', allowed_domains: ['a.com'] },
      }),
    ).rejects.toMatchObject({ status: 400 })
    const { id } = await client.containers.create({ name: 'a' })
    await client.containers.create({ name: 'b' })
    await expect(client.containers.create({ name: 'c' })).rejects.toMatchObject({ status: 429 })
    expect((await client.containers.list({ limit: 1 })).has_more).toBe(true)
    await expect(client.containers.files.create(id, {})).rejects.toMatchObject({ status: 400 })
    await expect(client.containers.files.create(id, { file_id: 'file-none' })).rejects.toMatchObject({
      status: 404,
    })
  })

  it('of another tenant there is nothing', async () => {
    const { clientOf } = await served(
      ['never'],
      {},
      {
        keys: { ada: 'key-ada', bob: 'key-bob' },
      },
    )
    const [ada, bob] = [clientOf('key-ada'), clientOf('key-bob')]
    const { id } = await ada.containers.create({ name: 'mine' })
    const file = await ada.containers.files.create(id, { file: await toFile(Buffer.from('x'), 'x') })
    expect((await bob.containers.list()).data).toEqual([])
    const foreign = await toFile(Buffer.from('y'), 'y')
    for (const asked of [
      () => bob.containers.retrieve(id),
      () => bob.containers.delete(id),
      () => bob.containers.files.list(id),
      () => bob.containers.files.retrieve(file.id, { container_id: id }),
      () => bob.containers.files.content.retrieve(file.id, { container_id: id }),
      () => bob.containers.files.delete(file.id, { container_id: id }),
      () => bob.containers.files.create(id, { file: foreign }),
    ])
      await expect(asked()).rejects.toMatchObject({ status: 404 })
    expect((await ada.containers.list()).data).toHaveLength(1)
  })

  it.skipIf(missingPackages !== undefined)(
    `a plot is an image and a file${missingPackages === undefined ? '' : ` (skipped: needs ${missingPackages})`}`,
    async () => {
      const code = 'import matplotlib.pyplot as plt\nplt.plot([1, 2]); plt.savefig("plot.png"); plt.show()'
      const { client, name } = await served(
        [{ calls: [run(code)] }, 'See [plot](sandbox:/mnt/data/plot.png).'],
        { languages: ['python'], callTimeoutMs: 60_000 },
      )
      const response = await client.responses.create({
        model: name,
        input: '?',
        tools: [auto],
        include: ['code_interpreter_call.outputs'],
      })
      expect(response.output[0]).toMatchObject({
        outputs: [{ type: 'image', url: expect.stringMatching(/^data:image\/png;base64,iVBOR/) }],
      })
      const [annotation] = (
        response.output[1] as never as {
          content: [{ annotations: [{ file_id: string; container_id: string }] }]
        }
      ).content[0].annotations
      const content = await client.containers.files.content.retrieve(annotation.file_id, {
        container_id: annotation.container_id,
      })
      expect(
        Buffer.from(await content.arrayBuffer())
          .subarray(1, 4)
          .toString(),
      ).toBe('PNG')
    },
  )
})
