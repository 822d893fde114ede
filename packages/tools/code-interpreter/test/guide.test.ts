import { serve } from '@antiphon/server'
import { agent } from 'antiphon'
import { scripted } from 'antiphon/testing'
import { describe, expect, it, onTestFinished } from 'vitest'
import { codeInterpreter, openContainers } from '../src/index.ts'

const call = (code: string) => ({
  calls: [{ name: 'code_interpreter', arguments: { code, language: 'javascript' } }],
})

describe('what the guide shows', () => {
  it('an agent', async () => {
    const model = scripted([call('console.log("hi"); 6 * 7'), 'It is 42.'])
    // #region agent
    const interpreter = codeInterpreter({ runs: 'local' })
    const analyst = agent({ model, tools: [interpreter] })

    const { output, toolItems } = await analyst.run('What is 6 times 7? Compute it.').result()
    // #endregion agent
    onTestFinished(() => interpreter.close?.())
    expect(output).toBe('It is 42.')
    expect(toolItems).toMatchObject([{ type: 'code_interpreter_call', status: 'completed' }])
  })

  it('files in and out', async () => {
    const model = scripted([
      call('writeFile("upper.txt", readFile("words.txt").toUpperCase())'),
      'See [upper.txt](sandbox:/mnt/data/upper.txt).',
    ])
    const logged: string[] = []
    // #region files
    const containers = openContainers({ idleMinutes: 5 })
    const container = await containers.create('local', { name: 'words' })
    await container.files.put('words.txt', Buffer.from('call and response'))

    const analyst = agent({ model, tools: [codeInterpreter({ containers, container: container.id })] })
    const { annotations } = await analyst.run('Make words.txt loud.').result()
    for (const each of annotations)
      if (each.type === 'container_file_citation')
        for await (const piece of await container.files.read(each.file_id))
          logged.push(Buffer.from(piece).toString())
    await containers.close()
    // #endregion files
    expect(logged.join('')).toBe('CALL AND RESPONSE')
  })

  it('a server', async () => {
    const model = scripted(['Ready.'])
    // #region serve
    const server = serve(model, {
      tools: [codeInterpreter({ memory: '1g', maxMemory: '4g' })],
      store: 'memory',
    })
    const { url } = await server.listen(0)
    // #endregion serve
    onTestFinished(() => server.close())
    const made = await fetch(`${url}/v1/containers`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ name: 'first' }),
    })
    expect(await made.json()).toMatchObject({ object: 'container', memory_limit: '1g' })
  })
})
