import { applyDiff } from '../diff/apply-diff.ts'
import { newText } from '../diff/new-text.ts'
import type { FileChange, FilePlace } from '../files/change.ts'
import { type Root, reachFolder } from '../files/open-folder.ts'
import { readSnapshot } from '../files/read-snapshot.ts'
import { safePath } from '../files/safe-path.ts'
import { PatchError } from '../patch-error.ts'
import type { FileOperation } from './file-operation.ts'
import type { PatchLimits } from './patch-limits.ts'
import type { PatchedFile } from './patched-file.ts'

/** A file on its way through the operations of a patch. */
interface Draft {
  readonly place: FilePlace
  readonly before: FileChange['before']
  now: FileChange['after']
}

/** What a patch will do; `close` gives back the folders that it holds. */
export interface Plan {
  readonly changes: readonly FileChange[]
  readonly files: readonly PatchedFile[]
  close(): Promise<void>
}

const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

const toTextOf = (path: string, bytes: Buffer): string => {
  try {
    const text = decoder.decode(bytes)
    if (!text.includes('\0')) return text
  } catch {
    // Not UTF-8.
  }
  throw new PatchError('patch_not_text', `${path} is not UTF-8 text, so it cannot be patched line by line.`)
}

/** Reads the files that the operations name and applies their diffs, in memory. Nothing on the disk changes. @throws PatchError */
export const planChanges = async (
  root: Root,
  operations: readonly FileOperation[],
  limits: Required<PatchLimits>,
): Promise<Plan> => {
  const drafts = new Map<string, Draft>()
  const files: PatchedFile[] = []
  const close = async (): Promise<void> => {
    for (const { place } of drafts.values()) if (place.folder !== root.folder) await place.folder.close()
  }

  const draftOf = async (written: string): Promise<Draft> => {
    const names = safePath(written, limits.protectedNames)
    const path = names.join('/')
    const { folder, missing } = await reachFolder(root, names.slice(0, -1), limits.protectedNames)
    const name = names.at(-1)!
    const key = `${folder.key}/${missing.join('/')}/${name}`
    const known = drafts.get(key)
    if (known !== undefined) {
      if (folder !== root.folder) await folder.close()
      return known
    }
    const draft: Draft = { place: { path, folder, missing, name }, before: undefined, now: undefined }
    // Held from here on: `close` finds it, whatever the read says.
    drafts.set(key, draft)
    if (missing.length > 0) return draft
    const before = await readSnapshot(folder, name, path, limits.maxFileBytes)
    const read: Draft = { ...draft, before, now: before }
    drafts.set(key, read)
    return read
  }

  const existing = async (path: string): Promise<[Draft, NonNullable<Draft['now']>]> => {
    const draft = await draftOf(path)
    if (draft.now !== undefined) return [draft, draft.now]
    throw new PatchError('patch_conflict', `${path} does not exist. Use create_file to make it.`)
  }

  const absent = async (path: string): Promise<Draft> => {
    const draft = await draftOf(path)
    if (draft.now !== undefined)
      throw new PatchError(
        'patch_conflict',
        `${path} exists already. Use update_file to change it, or delete it first.`,
      )
    return draft
  }

  const toBytes = (path: string, text: string): Buffer => {
    const bytes = Buffer.from(text, 'utf8')
    if (bytes.length <= limits.maxFileBytes) return bytes
    throw new PatchError(
      'patch_too_large',
      `${path} would have ${bytes.length} bytes; a patch makes files of up to ${limits.maxFileBytes}.`,
    )
  }

  const plan = async (operation: FileOperation): Promise<void> => {
    const { path } = operation
    if (operation.type === 'create_file') {
      const draft = await absent(path)
      const text = newText(operation.diff)
      draft.now = { bytes: toBytes(path, text), mode: undefined }
      files.push({ change: 'created', path, added: text.split('\n').length - 1, removed: 0 })
      return
    }
    const [draft, now] = await existing(path)
    if (operation.type === 'delete_file') {
      draft.now = undefined
      files.push({ change: 'deleted', path, added: 0, removed: 0 })
      return
    }
    const { mode } = now
    const moved = operation.move_to === undefined ? undefined : await absent(operation.move_to)
    const only = moved !== undefined && operation.diff.trim() === ''
    const text = only ? undefined : toTextOf(path, now.bytes)
    const result = text === undefined ? undefined : applyDiff(text, operation.diff)
    const bytes = result === undefined ? now.bytes : toBytes(path, result.text)
    if (moved === undefined) draft.now = { bytes, mode }
    else {
      draft.now = undefined
      moved.now = { bytes, mode }
    }
    const edits = result?.edits ?? []
    files.push({
      change: moved !== undefined ? 'moved' : result!.text === text ? 'unchanged' : 'updated',
      path: operation.move_to ?? path,
      ...(moved === undefined ? {} : { from: path }),
      added: edits.reduce((sum, { add }) => sum + add.length, 0),
      removed: edits.reduce((sum, { remove }) => sum + remove, 0),
      ...(edits.length === 0 ? {} : { line: edits[0]!.at + 1 }),
    })
  }

  try {
    for (const [number, operation] of operations.entries()) {
      try {
        await plan(operation)
      } catch (error) {
        if (!(error instanceof PatchError)) throw error
        const where = `${operation.path}${operations.length > 1 ? ` (operation ${number + 1} of ${operations.length})` : ''}`
        throw new PatchError(error.code, `${where}: ${error.message}`, { cause: error })
      }
    }
  } catch (error) {
    await close()
    throw error
  }
  const changes = [...drafts.values()]
    .filter(({ before, now }) => before !== now && !(before && now && before.bytes.equals(now.bytes)))
    .map(({ place, before, now }) => ({ place, before, after: now }))
  return { changes, files, close }
}
