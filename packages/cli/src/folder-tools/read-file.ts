import { type Tool, ToolRetry, tool, toolOutput } from 'antiphon'
import { z } from 'zod'
import { type Folder, findPlace } from './folder.ts'
import { readText } from './read-text.ts'

const MAX_BYTES = 20_000_000
const MAX_LINES = 2000
const MAX_CHARS = 100_000

/** `read_file`: the text of one file, in parts when it is long. */
export const readFile = (folder: Folder): Tool<{ path: string; start_line?: number }> =>
  tool({
    name: 'read_file',
    description: `Read a text file. At most ${MAX_LINES} lines at once; the last line says how to go on.`,
    inputSchema: z.object({
      path: z.string().describe('File, relative to the root, such as src/index.ts'),
      start_line: z.number().int().min(1).optional().describe('First line to read, counted from 1'),
    }),
    effect: 'read',
    timeoutMs: 60_000,
    execute: async ({ path, start_line: start = 1 }) => {
      const place = await findPlace(folder, path)
      const file = await readText(place, MAX_BYTES).catch((error: NodeJS.ErrnoException) => {
        throw new ToolRetry(`${place.name} cannot be opened (${error.code ?? error.message}).`)
      })
      switch (file.kind) {
        case 'folder':
          throw new ToolRetry(`${place.name} is a folder. list_files shows what is in it.`)
        case 'special':
          throw new ToolRetry(`${place.name} is no regular file.`)
        case 'binary':
          throw new ToolRetry(`${place.name} is a binary file of ${size(file.bytes)}, not text.`)
        case 'too large':
          throw new ToolRetry(
            `${place.name} has ${size(file.bytes)}; files up to ${size(MAX_BYTES)} can be read.`,
          )
        case 'text':
          return toolOutput({
            content: part(file.text, start, place.name),
            details: { summary: size(file.bytes) },
          })
      }
    },
  })

const part = (text: string, start: number, name: string): string => {
  if (start === 1 && text.length <= MAX_CHARS && !hasMoreLines(text)) return text
  const lines = text.split('\n')
  if (start > lines.length)
    throw new ToolRetry(`${name} has ${lines.length} lines; there is no line ${start}.`)
  const shown: string[] = []
  let chars = 0
  for (const line of lines.slice(start - 1, start - 1 + MAX_LINES)) {
    chars += line.length + 1
    if (chars > MAX_CHARS && shown.length > 0) break
    shown.push(
      line.length > MAX_CHARS
        ? `${line.slice(0, MAX_CHARS)}… (the line has ${line.length} characters)`
        : line,
    )
  }
  const last = start - 1 + shown.length
  const more = last < lines.length ? `; go on with start_line ${last + 1}` : ''
  return `${shown.join('\n')}\n(lines ${start} to ${last} of ${lines.length}${more})`
}

const hasMoreLines = (text: string): boolean => {
  let lines = 1
  for (let at = text.indexOf('\n'); at >= 0; at = text.indexOf('\n', at + 1))
    if (++lines > MAX_LINES + 1) return true
  return false
}

const size = (bytes: number): string =>
  bytes < 1000
    ? `${bytes} bytes`
    : bytes < 1e6
      ? `${(bytes / 1000).toFixed(1)} kB`
      : `${(bytes / 1e6).toFixed(1)} MB`
