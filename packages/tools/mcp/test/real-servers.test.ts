import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { McpSession } from '@antiphon/mcp'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { command, type Started, startEverything, target } from './servers.ts'
import { callByName, newPool, sessionWith, textOf } from './using.ts'

let started: Started
const folder = mkdtempSync(join(tmpdir(), 'antiphon-mcp-'))

beforeAll(async () => {
  started = await startEverything()
})
afterAll(async () => {
  await started.stop()
  rmSync(folder, { recursive: true, force: true })
})

describe.each(['stdio', 'streamable HTTP'])('the server "everything" over %s', (way) => {
  const open = (): McpSession =>
    sessionWith(target('every', way === 'stdio' ? command('everything') : { url: started.url }))

  it('lists its tools, the same bytes on every connection', async () => {
    const [one, two] = [await open().tools(), await open().tools()]
    const names = one.tools.map(({ name }) => name)
    expect(names).toEqual([...names].sort())
    expect(names).toContain('get-sum')
    expect(one.problems).toEqual([])
    expect(JSON.stringify(one)).toBe(JSON.stringify(two))
    expect(one.tools.find(({ name }) => name === 'echo')).toMatchObject({
      input_schema: { $schema: 'http://json-schema.org/draft-07/schema#', required: ['message'] },
      annotations: { readOnlyHint: true },
    })
  })

  it('gives text, images, structured content, links and resources', async () => {
    const session = open()
    expect(await textOf(session, 'get-sum', { a: 2, b: 40 })).toMatch(/42/)
    expect(await callByName(session, 'get-tiny-image')).toMatchObject({
      content: [
        { type: 'input_text' },
        { type: 'input_image', image_url: expect.stringMatching(/^data:image\/png;base64,iVBOR/) },
        { type: 'input_text' },
      ],
    })
    const weather = await callByName(session, 'get-structured-content', { location: 'Chicago' })
    expect(weather).toMatchObject({ outcome: 'ok', structured: { conditions: expect.any(String) } })
    // Told once, though the server sends it twice.
    expect(JSON.parse((weather as { content: string }).content)).toHaveProperty('temperature')
    expect(await textOf(session, 'get-resource-links', { count: 2 })).toMatch(/\[link to demo:/)
    expect(await textOf(session, 'get-resource-reference', { resourceType: 'Text', resourceId: 1 })).toMatch(
      /\[resource demo:.*\]\nResource 1/,
    )
  })

  it('tells how far a call is', async () => {
    const seen: unknown[] = []
    const result = await callByName(
      open(),
      'trigger-long-running-operation',
      { duration: 1, steps: 4 },
      { onProgress: (progress) => seen.push(progress) },
    )
    expect(result.outcome).toBe('ok')
    expect(seen[0]).toEqual({ progress: 1, total: 4 })
    expect(seen.length).toBeGreaterThan(1)
  })

  it('says that arguments are wrong', async () => {
    expect(await callByName(open(), 'get-sum', { a: 'x' })).toMatchObject({
      outcome: 'failed',
      text: expect.stringMatching(/Invalid arguments/),
      error: { type: 'mcp_tool_execution_error' },
    })
  })

  it('is asked by several calls at once', async () => {
    const session = open()
    await session.tools()
    const texts = await Promise.all(
      Array.from({ length: 20 }, (_, i) => textOf(session, 'echo', { message: `call ${i}` })),
    )
    expect(texts).toEqual(Array.from({ length: 20 }, (_, i) => `Echo: call ${i}`))
  })
})

it('is reached again over HTTP after it was started anew', async () => {
  const first = await startEverything()
  const session = sessionWith(target('every', { url: first.url }))
  expect(await textOf(session, 'echo', { message: 'one' })).toBe('Echo: one')
  await first.stop()
  await expect(callByName(session, 'echo', { message: 'lost' })).rejects.toMatchObject({ name: 'McpError' })
  const { port } = new URL(first.url)
  const second = await startEverything(Number(port))
  expect(await textOf(session, 'echo', { message: 'two' })).toBe('Echo: two')
  await second.stop()
})

it('the server "filesystem" writes and reads, and refuses what is outside its folder', async () => {
  const session = sessionWith(target('files', command('filesystem', [folder])))
  const path = join(folder, 'note.txt')
  expect(await textOf(session, 'write_file', { path, content: 'hello' })).toMatch(/wrote/)
  expect(readFileSync(path, 'utf8')).toBe('hello')
  expect(await textOf(session, 'read_text_file', { path })).toBe('hello')
  expect(await callByName(session, 'read_text_file', { path: '/etc/hostname' })).toMatchObject({
    outcome: 'failed',
    text: expect.stringMatching(/outside allowed directories|Access denied/),
  })
  const { tools } = await session.tools()
  expect(tools.find(({ name }) => name === 'read_text_file')?.annotations).toMatchObject({
    readOnlyHint: true,
  })
  expect(tools.find(({ name }) => name === 'write_file')?.annotations).toMatchObject({ readOnlyHint: false })
})

it('the server "memory" keeps what it is told, over sessions', async () => {
  const server = command('memory', [], { MEMORY_FILE_PATH: join(folder, 'memory.jsonl') })
  const entities = [{ name: 'Ada', entityType: 'person', observations: ['wrote the first program'] }]
  await callByName(sessionWith(target('memory', server)), 'create_entities', { entities })
  expect(await textOf(newPool().open(target('memory', server)), 'read_graph')).toMatch(/first program/)
})
