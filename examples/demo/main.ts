// `npm run demo`: a question about this very checkout, answered with real tools on real files. The embedded model answers;
// with COMETAPI_KEY or OPENAI_API_KEY set, the same agent runs on the real endpoint.
import { readdirSync } from 'node:fs'
import { join, sep } from 'node:path'
import { folderTools, showRun } from '@antiphon/cli'
import { agent, defaultModel, offline } from 'antiphon'

const root = join(import.meta.dirname, '../..')
const question = 'How many TypeScript files has packages/core, and what does CONTRIBUTING ask of me?'

const model = defaultModel()
const live = model.modelName !== 'offline'
const watched = !live && process.stdout.isTTY
const assistant = agent({
  model,
  // The embedded model would have written its answer before you could watch it.
  prepareTurn: ({ turn }) => (watched && turn > 0 ? { model: offline({ delayMs: 15 }) } : undefined),
  instructions:
    'Answer from the files of this folder: look before you speak, with several calls at once. Be brief.',
  tools: folderTools(root), // list_files, read_file, search_text: they read this folder and nothing else
  limits: { toolCalls: 12 },
})

console.error(`Question:  ${question}`)
console.error(
  `Model:     ${live ? model.modelName : 'offline (embedded, rule-based, no AI; set COMETAPI_KEY for a real one)'}`,
)
console.error(`Folder:    ${root}\n`)

const { text, stop } = await showRun(assistant.run(question))

// The answer is held against the file system.
const count = readdirSync(join(root, 'packages/core'), { recursive: true })
  .map(String)
  .filter((path) => /\.[cm]?tsx?$/.test(path))
  .filter((path) => !path.split(sep).some((part) => part === 'node_modules' || part === 'dist')).length
const right = stop.reason === 'done' && new RegExp(`(?<!\\d)${count}(?!\\d)`).test(text.replaceAll(',', ''))
console.error(
  right
    ? `\nChecked: the file system says ${count} as well.`
    : `\nWrong: packages/core has ${count} TypeScript files, and the answer does not say so.`,
)
if (!right && !live) process.exitCode = 1
