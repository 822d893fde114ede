import { join } from 'node:path'
import { type Tool, ToolRetry, tool, toolOutput } from 'antiphon'
import { z } from 'zod'
import { type Folder, findPlace, type Place } from './folder.ts'
import { globMatcher } from './glob.ts'
import { readText } from './read-text.ts'
import { isSecretPath } from './secret-path.ts'
import { describeSkipped, type Walk, walkFiles } from './walk.ts'

const MAX_MATCHES = 200
const MAX_FILE_BYTES = 1_000_000
const MAX_LINE_CHARS = 240
const FILES_AT_ONCE = 16

/** `search_text`: lines that hold a text, as `path:line: text`. */
export const searchText = (folder: Folder): Tool<{ query: string; path?: string; pattern?: string }> =>
  tool({
    name: 'search_text',
    description: `Search the text of all files, upper and lower case alike. Gives path:line: text, at most ${MAX_MATCHES} lines.`,
    inputSchema: z.object({
      query: z.string().min(1).describe('Text to search for, taken literally'),
      path: z.string().optional().describe('Folder or file to search in; "." is everything'),
      pattern: z.string().optional().describe('Glob of the files to search, such as *.ts'),
    }),
    effect: 'read',
    timeoutMs: 60_000,
    execute: async ({ query, path = '.', pattern }, { signal }) => {
      if (query.includes('\n')) throw new ToolRetry('The query must be within one line.')
      const place = await findPlace(folder, path)
      const walk = await filesAt(folder, place, signal)
      const matches = pattern ? globMatcher(pattern) : undefined
      const files = walk.files.filter((file) => !isSecretPath(file) && (matches?.(file) ?? true))
      const found = await searchAll(folder, files, query.toLowerCase(), signal)
      return toolOutput({
        content: describe(found, query, files.length, walk),
        details: { summary: `${found.length} ${found.length === 1 ? 'match' : 'matches'}` },
      })
    },
  })

interface Match {
  readonly file: string
  readonly line: number
  readonly text: string
}

/** The files of a folder; of a file, that file alone. */
const filesAt = async (folder: Folder, place: Place, signal: AbortSignal): Promise<Walk> => {
  const walk = await walkFiles(folder, place, signal)
  // Nothing but the place itself could not be entered: it is a file.
  const isFile = walk.files.length === 0 && walk.skipped.length === 1 && walk.skipped[0] === place.name
  return isFile ? { files: [place.name], skipped: [], complete: true } : walk
}

const searchAll = async (
  folder: Folder,
  files: readonly string[],
  query: string,
  signal: AbortSignal,
): Promise<Match[]> => {
  const found: Match[] = []
  for (let at = 0; at < files.length && found.length < MAX_MATCHES; at += FILES_AT_ONCE) {
    signal.throwIfAborted()
    const batch = files.slice(at, at + FILES_AT_ONCE)
    const matches = await Promise.all(batch.map((file) => searchOne(folder, file, query)))
    found.push(...matches.flat())
  }
  return found.slice(0, MAX_MATCHES)
}

const searchOne = async (folder: Folder, file: string, query: string): Promise<Match[]> => {
  // A file that has gone or may not be read is passed over, as grep does.
  const read = await readText({ full: join(folder.root, file) }, MAX_FILE_BYTES).catch(() => undefined)
  if (read?.kind !== 'text' || !read.text.toLowerCase().includes(query)) return []
  return read.text.split('\n').flatMap((text, index) => {
    const at = text.toLowerCase().indexOf(query)
    return at < 0 ? [] : [{ file, line: index + 1, text: around(text, at) }]
  })
}

/** The part of a long line where the match is. */
const around = (text: string, at: number): string => {
  const line = text.trim()
  if (line.length <= MAX_LINE_CHARS) return line
  const start = Math.max(0, at - MAX_LINE_CHARS / 2)
  return `${start > 0 ? '…' : ''}${text.slice(start, start + MAX_LINE_CHARS)}…`
}

const describe = (found: readonly Match[], query: string, searched: number, walk: Walk): string => {
  const scope = `${searched} files searched${describeSkipped(walk)}`
  if (found.length === 0) return `No matches for ${JSON.stringify(query)} (${scope}).`
  const lines = found.map(({ file, line, text }) => `${file}:${line}: ${text}`)
  const cut = found.length === MAX_MATCHES ? `truncated at ${MAX_MATCHES} matches; narrow the search; ` : ''
  const within = new Set(found.map(({ file }) => file)).size
  return `${lines.join('\n')}\n(${cut}${found.length} matches in ${within} files; ${scope})`
}
