import type { InputItem } from '@antiphon/client'
import { historyOf } from 'antiphon'
import { FRAME, neutraliseName } from './untrusted-text.ts'

/** A file that a run has seen, as it may be cited. */
export interface SeenFile {
  readonly fileId: string
  readonly filename: string
}

/** Files by the labels that the model cites them by: their names, with a number where two have the same. */
export interface SeenFiles {
  /** The label of a file; the same whenever it is asked for. */
  label(file: SeenFile): string
  find(label: string): SeenFile | undefined
}

export const createSeenFiles = (): SeenFiles => {
  const byLabel = new Map<string, SeenFile>()
  const labels = new Map<string, string>()
  return {
    label(file) {
      const known = labels.get(file.fileId)
      if (known !== undefined) return known
      const name = neutraliseName(file.filename)
      let label = name
      for (let n = 2; byLabel.has(label); n++) label = `${name} (${n})`
      byLabel.set(label, file)
      labels.set(file.fileId, label)
      return label
    },
    find: (label) => byLabel.get(label),
  }
}

interface Item {
  readonly type?: string
  readonly output?: unknown
  readonly results?: unknown
}

/** The files that earlier answers of a conversation have seen, in their order, so that a later one can cite them by the same labels. */
export const filesInHistory = (items: readonly InputItem[]): readonly SeenFile[] =>
  items
    .flatMap((item) => historyOf(item as object) ?? [item])
    .flatMap((item) => {
      const { type, output, results } = item as Item
      if (type === 'function_call_output' && typeof output === 'string' && output.startsWith(FRAME.open))
        return [...output.matchAll(/^=== (.{1,120}) \| ([\w-]{1,255})$/gm)].map(
          ([, label = '', fileId = '']) => ({ fileId, filename: label.replace(/ \(\d+\)$/, '') }),
        )
      return type === 'file_search_call' && Array.isArray(results) ? results.flatMap(asSeen) : []
    })

const asSeen = (result: unknown): SeenFile[] => {
  const { file_id: fileId, filename } = (result ?? {}) as { file_id?: unknown; filename?: unknown }
  return typeof fileId === 'string' && typeof filename === 'string' ? [{ fileId, filename }] : []
}
