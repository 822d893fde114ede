// A coding agent in one folder: it reads freely, and a person decides before it writes or runs anything else. Commands run in a sandbox without network.
import assert from 'node:assert/strict'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { applyPatch, shell } from '@antiphon/shell'
import { agent, approve } from 'antiphon'
import { scripted } from 'antiphon/testing'

const root = await mkdtemp(join(tmpdir(), 'coding-agent-'))
await writeFile(join(root, 'greet.sh'), 'name=$1\necho "Helo, $name"\n')
await writeFile(join(root, 'test.sh'), '[ "$(sh greet.sh Ada)" = "Hello, Ada" ] && echo passed\n')

// So that it runs without a key, a script stands in for the model; any model will do: `defaultModel()`, `responses(…)`, …
const change = ['@@', ' name=$1', '-echo "Helo, $name"', '+echo "Hello, $name"']
const patch = ['*** Begin Patch', '*** Update File: greet.sh', ...change, '*** End Patch'].join('\n')
const call = (name: string, input: object) => ({ calls: [{ name, arguments: input }] })
const model = scripted([
  call('shell', { commands: ['cat greet.sh', 'grep -n Hello test.sh'] }),
  call('apply_patch', { patch }),
  call('shell', { commands: ['sh test.sh'] }),
  'The greeting was misspelt. It is corrected, and the test passes.',
])

// #region agent
const coder = agent({
  model,
  instructions: 'You correct programs. Read before you change, and run the test when you are done.',
  tools: [shell({ root }), applyPatch({ root })],
})
// #endregion agent

// #region approve
let result = await coder.run('The test in test.sh fails. Find out why, and correct it.').result()
const items = [...result.toolItems]
const asked: string[] = []
while (result.stop.reason === 'approval') {
  const { pending } = result.stop
  for (const { name, arguments: text } of pending) asked.push(`${name} ${text}`) // here a person looks at them
  const decisions = pending.map((each) => approve(each))
  result = await coder.resume(result.state!, decisions).result()
  items.push(...result.toolItems)
}
// #endregion approve

console.log(asked.join('\n'), `\n${result.text}`)
const names = asked.map((line) => line.split(' ')[0])
assert.deepEqual(names, ['apply_patch', 'shell']) // reading was not asked about
assert.match(await readFile(join(root, 'greet.sh'), 'utf8'), /"Hello, \$name"/)
const outputs = items.flatMap((item) => (item.type === 'shell_call_output' ? item.output : []))
// Where there is no sandbox nothing is run, and the model is told which line installs one.
const refused = outputs.find(({ stderr }) => /nothing is (ever )?run without/.test(stderr))
if (refused) console.log(`No command was run: ${refused.stderr}`)
else assert.deepEqual(outputs.map(({ stdout }) => stdout).at(-1), 'passed\n')
await rm(root, { recursive: true })
