import { spawn } from 'node:child_process'
import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { delimiter, dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import OpenAI from 'openai'
import { describe, expect, it, onTestFinished } from 'vitest'
import { WebSocket } from 'ws'
import { idOf, resumeResponse, streamResponse } from './event-reader.ts'
import { problemsOfEvents, problemsOfResponse } from './valid-response.ts'

const file = (path: string): string => fileURLToPath(new URL(path, import.meta.url))
const program = file('./programs/serve-fetch.mjs')
// Its program imports the package by its name, so that each runtime resolves it, and what it needs, in its own way.
const isBuilt = existsSync(file('../dist/index.js'))

/** A program by a variable, in a package of the examples, or on the path. */
const found = (variable: string, module: string, inside: string, name: string): string | undefined => {
  const candidates = [process.env[variable] ?? '']
  try {
    const home = createRequire(file('../../../examples/package.json')).resolve(`${module}/package.json`)
    candidates.push(join(dirname(home), inside))
  } catch {
    // There is none for this machine.
  }
  for (const folder of (process.env.PATH ?? '').split(delimiter)) candidates.push(join(folder, name))
  return candidates.find((path) => path !== '' && existsSync(path))
}

const RUNTIMES: readonly [string, string | undefined, readonly string[]][] = [
  ['Bun', found('BUN', '@oven/bun-linux-x64', 'bin/bun', 'bun'), ['run']],
  [
    'Deno',
    found('DENO', '@deno/linux-x64-glibc', 'deno', 'deno'),
    ['run', '--no-lock', '--node-modules-dir=manual', '--allow-all'],
  ],
]

/** Starts the program; it is ended after the test. */
const started = async (
  command: string,
  options: readonly string[],
  way: string,
  store: string,
): Promise<string> => {
  const child = spawn(command, [...options, program, way, store], { stdio: ['ignore', 'pipe', 'pipe'] })
  let said = ''
  child.stderr.on('data', (bytes) => {
    said += bytes
  })
  onTestFinished(async () => {
    if (child.exitCode !== null || child.signalCode !== null) return
    const gone = new Promise((resolve) => child.once('close', resolve))
    child.kill('SIGKILL')
    await gone
  })
  return new Promise((resolve, reject) => {
    child.stdout.once('data', (line) => resolve(`${String(line).trim()}/v1`))
    child.once('error', reject)
    child.once('close', () => reject(new Error(`It ended: ${said}`)))
  })
}

const newStore = (): string => {
  const folder = mkdtempSync(join(tmpdir(), 'antiphon-runtime-'))
  onTestFinished(() => rmSync(folder, { recursive: true, force: true, maxRetries: 5 }))
  return join(folder, 'server.db')
}

/** Plain, as a stream, taken up in the middle, refused, and left. */
const expectAll = async (url: string): Promise<void> => {
  const openai = new OpenAI({ baseURL: url, apiKey: 'none', maxRetries: 0 })
  const plain = await openai.responses.create({ model: 'offline', input: 'Hello' })
  expect(problemsOfResponse(plain)).toEqual([])
  const reader = streamResponse(url, { model: 'offline', input: 'Hello', previous_response_id: plain.id })
  expect(await reader.over).toBe('done')
  expect(problemsOfEvents(reader.events)).toEqual([])
  const rest = resumeResponse(url, await idOf(reader), 3)
  expect(await rest.over).toBe('done')
  expect(rest.events).toEqual(reader.events.slice(4))
  await expect(openai.responses.create({ model: 'nobody', input: 'Hello' })).rejects.toMatchObject({
    status: 400,
    code: 'model_not_found',
  })
  const held = streamResponse(url, { model: 'patient', input: 'Hello' })
  const id = await idOf(held)
  // It comes while the answer goes on.
  await held.until(({ delta }) => delta === 'Wait')
  held.leave()
  await expect.poll(async () => (await openai.responses.retrieve(id)).status).toBe('cancelled')
}

describe.each(RUNTIMES)('on %s', (name, command, options) => {
  const missing =
    command === undefined
      ? ` (skipped: there is no ${name} here)`
      : isBuilt
        ? ''
        : ' (skipped: the packages are not built)'

  it.skipIf(missing !== '')(`fetch answers below the server of the runtime${missing}`, async () => {
    await expectAll(await started(command as string, options, 'fetch', 'memory'))
  })

  it.skipIf(missing !== '')(`listen() answers, with SQLite and WebSocket${missing}`, async () => {
    const url = await started(command as string, options, 'listen', newStore())
    await expectAll(url)
    const socket = new WebSocket(`${url.replace('http', 'ws')}/responses`)
    onTestFinished(() => socket.terminate())
    const types: string[] = []
    await new Promise<void>((resolve, reject) => {
      socket.on('open', () => socket.send('{"type":"response.create","model":"offline","input":"Hello"}'))
      socket.on('error', reject)
      socket.on('message', (bytes) => {
        const { type } = JSON.parse(String(bytes)) as { type: string }
        types.push(type)
        if (type === 'response.completed') resolve()
      })
    })
    expect(types[0]).toBe('response.created')
  })
})
