// Real tools over a real folder, running in parallel through the queue: at most two at once, one at a time per file.
import assert from 'node:assert/strict'
import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { agent, defaultModel, tool } from 'antiphon'
import { z } from 'zod'

const folder = import.meta.dirname
const inside = (name: string) => {
  if (!/^[\w.-]+$/.test(name)) throw new Error(`"${name}" is not a file of the examples folder`)
  return join(folder, name)
}

const listFiles = tool({
  name: 'list_files',
  description: 'Names of the files in the examples folder',
  inputSchema: z.object({}),
  effect: 'read',
  execute: async () => (await readdir(folder)).filter((name) => name.endsWith('.ts')).join('\n'),
})

let running = 0
let most = 0
const readText = tool({
  name: 'read_file',
  description: 'Text of one file in the examples folder',
  inputSchema: z.object({ path: z.string().describe('File name, such as 01-minimal.ts') }),
  effect: 'read',
  key: ({ path }) => path, // two calls for one file wait for each other
  execute: async ({ path }) => {
    most = Math.max(most, ++running)
    try {
      await new Promise((resolve) => setTimeout(resolve, 50))
      return await readFile(inside(path), 'utf8')
    } finally {
      running--
    }
  },
})

// #region concurrency
const assistant = agent({ model: defaultModel(), tools: [listFiles, readText], concurrency: 2 })
// #endregion concurrency
const run = assistant.run(
  'Read "01-minimal.ts", "02-streaming.ts" and "05-limits.ts", and count the files in the folder.',
)
run.on('tool.ended', ({ name, queuedMs, durationMs }) =>
  console.log(
    `${name.padEnd(10)} waited ${queuedMs.toFixed(0).padStart(3)} ms, ran ${durationMs.toFixed(0).padStart(3)} ms`,
  ),
)
const { text, toolCalls } = await run.result()
console.log(text)

assert.ok(toolCalls >= 4, `expected four calls, got ${toolCalls}`)
assert.equal(most, 2)
