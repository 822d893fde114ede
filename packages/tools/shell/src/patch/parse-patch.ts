import { PatchError } from '../patch-error.ts'
import type { FileOperation } from './file-operation.ts'

const BEGIN = '*** Begin Patch'
const END = '*** End Patch'
const TYPES = { Add: 'create_file', Update: 'update_file', Delete: 'delete_file' } as const

type Action = keyof typeof TYPES

/** The rest of a line that begins so, without spaces around it; undefined for another line, or when nothing is left. */
const after = (line: string, start: string): string | undefined =>
  line.startsWith(start) ? line.slice(start.length).trim() || undefined : undefined

/** A line that begins a file. It has no space before it: with one it would be context of a file about patches. */
const headerOf = (line: string): { action: Action; path: string } | undefined => {
  for (const action of Object.keys(TYPES) as Action[]) {
    const path = after(line, `*** ${action} File:`)
    if (path !== undefined) return { action, path }
  }
  return undefined
}

/** True for a text that is a whole patch, with its own headers, rather than the diff of one file. */
export const isWholePatch = (text: string): boolean => {
  const start = text.trimStart()
  return start.startsWith(BEGIN) || headerOf(start.split('\n', 1)[0]!) !== undefined
}

/** The lines between begin and end, freed of a fence, or of the command and here-document that models put around a patch. */
const bodyOf = (text: string): string[] => {
  const lines = text.split('\n').map((line) => (line.endsWith('\r') ? line.slice(0, -1) : line))
  const begin = lines.findIndex((line) => line.trimEnd() === BEGIN || headerOf(line) !== undefined)
  const wrapped = lines.slice(0, Math.max(begin, 0)).filter((line) => line.trim() !== '')
  if (begin === -1 || wrapped.length > 1)
    throw new PatchError('patch_invalid', `The first line of a patch has to be "${BEGIN}".`)
  const end = lines.findLastIndex((line) => line.trimEnd() === END)
  if (end < begin)
    throw new PatchError(
      'patch_invalid',
      `The patch has no "${END}": it may have been cut off. Write it again, whole, or in smaller patches.`,
    )
  return lines.slice(lines[begin]!.trimEnd() === BEGIN ? begin + 1 : begin, end)
}

const toOperation = (type: (typeof TYPES)[Action], path: string, body: string[]): FileOperation => {
  if (type === 'delete_file') {
    const extra = body.find((line) => line.trim() !== '')
    if (extra === undefined) return { type, path }
    throw new PatchError(
      'patch_invalid',
      `"${extra}" follows the deletion of ${path}, where nothing can follow.`,
    )
  }
  if (type === 'create_file') {
    while (body.at(-1)?.trim() === '') body.pop()
    return { type, path, diff: body.map((line) => `${line}\n`).join('') }
  }
  const move = after(body[0] ?? '', '*** Move to:')
  const diff = body
    .slice(move === undefined ? 0 : 1)
    .map((line) => `${line}\n`)
    .join('')
  return move === undefined ? { type, path, diff } : { type, path, diff, move_to: move }
}

/**
 * Reads a whole patch, from `*** Begin Patch` to `*** End Patch`, with any number of files to add, update, move and delete.
 *
 * @throws PatchError `patch_invalid`
 */
export const parsePatch = (text: string): FileOperation[] => {
  const operations: FileOperation[] = []
  let open: { type: (typeof TYPES)[Action]; path: string; body: string[] } | undefined
  const close = (): void => {
    if (open !== undefined) operations.push(toOperation(open.type, open.path, open.body))
  }
  for (const line of bodyOf(text)) {
    const header = headerOf(line)
    if (header !== undefined) {
      close()
      open = { type: TYPES[header.action], path: header.path, body: [] }
    } else if (open !== undefined) open.body.push(line)
    else if (line.trim() !== '')
      throw new PatchError(
        'patch_invalid',
        `"${line}" belongs to no file. Begin each file with "*** Add File: path", "*** Update File: path" or "*** Delete File: path".`,
      )
  }
  close()
  if (operations.length === 0) throw new PatchError('patch_invalid', 'The patch names no file.')
  return operations
}
