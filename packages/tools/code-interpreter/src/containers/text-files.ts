import type { TextFiles } from '../kernel/javascript-kernel.ts'
import type { ContainerFiles } from './container-files.ts'

/** Of one file, and of all, that JavaScript is given as texts. */
const TEXT_BYTES = 8 * 1024 * 1024
/** Files of a container as texts; those that are none, or too long, are not there. */
export const textsOf = (files: ContainerFiles): TextFiles => ({
  read: async () => {
    const texts: Record<string, string> = {}
    let room = TEXT_BYTES
    for (const { id, path, bytes } of files.list()) {
      if (bytes > room) continue
      room -= bytes
      const text = await textOf(files, id)
      if (text !== undefined) texts[path] = text
    }
    return texts
  },
  write: async (written) => {
    for (const [path, text] of Object.entries(written)) await files.put(path, Buffer.from(text), 'assistant')
  },
})

const textOf = async (files: ContainerFiles, id: string): Promise<string | undefined> => {
  const pieces: Uint8Array[] = []
  let size = 0
  for await (const piece of await files.read(id)) {
    pieces.push(piece)
    size += piece.length
    // It has grown since it was listed.
    if (size > TEXT_BYTES) return undefined
  }
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(Buffer.concat(pieces))
  } catch {
    return undefined
  }
}
