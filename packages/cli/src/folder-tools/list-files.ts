import { type Tool, tool, toolOutput } from 'antiphon'
import { z } from 'zod'
import { type Folder, findPlace } from './folder.ts'
import { globMatcher } from './glob.ts'
import { describeSkipped, walkFiles } from './walk.ts'

const MAX_LISTED = 1000

/** `list_files`: paths of the files below a folder, relative to the root, one a line. */
export const listFiles = (folder: Folder): Tool<{ path?: string; pattern?: string }> =>
  tool({
    name: 'list_files',
    description: `List the files in a folder and all folders below it, one path a line (at most ${MAX_LISTED}); the last line says how many there are.`,
    inputSchema: z.object({
      path: z.string().optional().describe('Folder to list, relative to the root; "." is the root'),
      pattern: z
        .string()
        .optional()
        .describe('Glob such as *.md or src/**/*.{ts,tsx}; without / it is matched against the name alone'),
    }),
    effect: 'read',
    timeoutMs: 60_000,
    execute: async ({ path = '.', pattern }, { signal }) => {
      const place = await findPlace(folder, path)
      const walk = await walkFiles(folder, place, signal)
      const matches = pattern ? globMatcher(pattern) : undefined
      const below = place.name === '.' ? 0 : place.name.length + 1
      const found = matches
        ? walk.files.filter((file) => matches(file) || (below > 0 && matches(file.slice(below))))
        : walk.files
      return toolOutput({
        content: describe(found, walk.complete, describeSkipped(walk)),
        details: { summary: files(found.length) },
      })
    },
  })

const describe = (found: readonly string[], complete: boolean, skipped: string): string => {
  const amount = `${complete ? '' : 'at least '}${files(found.length)}`
  if (found.length === 0) return `No files found${skipped}.`
  const shown = found.slice(0, MAX_LISTED)
  const cut =
    shown.length < found.length || !complete
      ? `truncated: ${shown.length} of ${amount} shown; narrow the path or the pattern`
      : amount
  return `${shown.join('\n')}\n(${cut}${skipped})`
}

const files = (count: number): string => `${count} ${count === 1 ? 'file' : 'files'}`
