// An agent over an MCP server that nobody here wrote: files of one folder, which it may read freely and change only when somebody approves.
import assert from 'node:assert/strict'
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { mcp } from '@antiphon/mcp'
import { agent, approve, defaultModel } from 'antiphon'

const folder = mkdtempSync(join(tmpdir(), 'antiphon-files-'))
writeFileSync(join(folder, 'ferry.txt'), 'The last ferry leaves at 22:40.')
// What `npx @modelcontextprotocol/server-filesystem` starts, as it is installed here.
const program = createRequire(import.meta.url).resolve(
  '@modelcontextprotocol/server-filesystem/dist/index.js',
)

// #region agent
const files = mcp({
  servers: {
    files: {
      command: process.execPath,
      args: [program, folder],
      description: 'The notes of the harbour.',
      // The tools that this agent is to have, and which of their calls wait for a person: all but those that only read.
      allowedTools: ['read_text_file', 'write_file'],
      requireApproval: { never: { read_only: true } },
    },
  },
})
const clerk = agent({ name: 'clerk', model: defaultModel(), tools: [files] })
// #endregion agent

const path = join(folder, 'ferry.txt')
const read = await clerk.run(`Read the text file with the path "${path}".`).result()
console.log(read.text)
// What callers of the wire see: the list of tools, and the call with its output.
assert.deepEqual(
  read.toolItems.map((item) => item.type),
  ['mcp_list_tools', 'mcp_call'],
)
assert.match(JSON.stringify(read.toolItems[1]), /22:40/)

const copy = join(folder, 'copy.txt')
const asked = await clerk.run(`Write the file with the path "${copy}" and the content "22:40".`).result()
assert.ok(asked.stop.reason === 'approval' && asked.state)
console.log('waits for approval:', asked.stop.pending[0]?.name)
assert.equal(existsSync(copy), false, 'nothing is written before somebody has approved')

const done = await clerk
  .resume(
    asked.state,
    asked.stop.pending.map((call) => approve(call)),
  )
  .result()
console.log(done.text)
assert.equal(readFileSync(copy, 'utf8'), '22:40')

await files.close?.()
rmSync(folder, { recursive: true })
