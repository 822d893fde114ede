// An analyst with a sandbox: it reads a table with Python, keeps its variables from call to call, and draws a plot. No network, no file of the host.
import assert from 'node:assert/strict'
import { codeInterpreter, openContainers } from '@antiphon/code-interpreter'
import { agent } from 'antiphon'
import { scripted } from 'antiphon/testing'

const table =
  'month,rain\nJan,82\nFeb,58\nMar,54\nApr,40\nMay,31\nJun,22\nJul,18\nAug,25\nSep,47\nOct,71\nNov,90\nDec,95\n'
// So that it runs without a key, a script stands in for the model; any model will do: `defaultModel()`, `responses(…)`, …
const code = (...lines: string[]) => ({
  calls: [{ name: 'code_interpreter', arguments: { code: lines.join('\n') } }],
})
const model = scripted([
  code(
    'import csv',
    'rows = [(r["month"], int(r["rain"])) for r in csv.DictReader(open("/mnt/data/rain.csv"))]',
    'print(len(rows), "months,", sum(rain for _, rain in rows), "mm")',
  ),
  code(
    'wettest = max(rows, key=lambda row: row[1])', // `rows` is still there
    'import matplotlib.pyplot as plt',
    'plt.bar(*zip(*rows))',
    'plt.title(f"Wettest: {wettest[0]}")',
    'plt.show()',
  ),
  'The year had 633 mm of rain; December was the wettest month, as the plot shows.',
])

// #region analyst
const containers = openContainers()
const { id, files } = await containers.create('local', { name: 'rain' })
await files.put('rain.csv', Buffer.from(table))
const analyst = agent({
  model,
  tools: [codeInterpreter({ containers, container: id })],
  settings: { include: ['code_interpreter_call.outputs'] },
})
// #endregion analyst

try {
  const { text, toolItems } = await analyst.run('How much did it rain, and when most? Draw it.').result()
  const outputs = toolItems.flatMap((item) =>
    item.type === 'code_interpreter_call' ? (item.outputs ?? []) : [],
  )
  const logs = outputs.flatMap((output) => (output.type === 'logs' ? output.logs : []))
  const images = outputs.flatMap((output) => (output.type === 'image' ? output.url : []))
  console.log(`${logs.join('\n')}\n${images.map((url) => `[plot of ${url.length} characters]`)}\n${text}`)
  assert.match(logs.join('\n'), /12 months, 633 mm/)
  const isDrawn = images.some((url) => url.startsWith('data:image/png;base64,'))
  assert.ok(
    isDrawn || logs.join('\n').includes("No module named 'matplotlib'"),
    'a plot, where there is matplotlib',
  )
} catch (error) {
  // It fails closed: without a sandbox no Python is run, and the error says which line installs one.
  if (!String(error).includes('bubblewrap')) throw error
  console.log(`Nothing was run: ${String(error)}`)
} finally {
  await containers.close()
}
