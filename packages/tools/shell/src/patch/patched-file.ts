/** What one operation of a patch did. */
export interface PatchedFile {
  readonly change: 'created' | 'updated' | 'unchanged' | 'moved' | 'deleted'
  readonly path: string
  /** The path before, of a file that was moved. */
  readonly from?: string
  /** Lines. */
  readonly added: number
  /** Lines. */
  readonly removed: number
  /** The first line that was changed, counted from 1 in the file before. */
  readonly line?: number
}

const describe = ({ change, path, from, added, removed, line }: PatchedFile): string => {
  const counts = `+${added} -${removed} lines${line === undefined ? '' : ` from line ${line}`}`
  if (change === 'created') return `Created ${path} (${added} lines).`
  if (change === 'deleted') return `Deleted ${path}.`
  if (change === 'unchanged') return `${path} is unchanged: it already is as the patch makes it.`
  if (change === 'moved') return `Moved ${from} to ${path}${line === undefined ? '' : ` (${counts})`}.`
  return `Updated ${path} (${counts}).`
}

/** What a patch did, in a line per file, as the model is told. */
export const describePatch = (files: readonly PatchedFile[]): string => files.map(describe).join('\n')
