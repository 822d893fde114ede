import { constants } from 'node:fs'
import { open } from 'node:fs/promises'
import type { Place } from './folder.ts'

const PROBE_BYTES = 8192

/** A file as text, or why it is none. */
export type FileText =
  | { readonly kind: 'text'; readonly text: string; readonly bytes: number }
  | { readonly kind: 'binary' | 'too large'; readonly bytes: number }
  | { readonly kind: 'folder' | 'special' }

/** Reads a file of at most `maxBytes`. Never waits for a pipe or a device, and follows no link that took the file's place meanwhile. */
export const readText = async (place: Pick<Place, 'full'>, maxBytes: number): Promise<FileText> => {
  const file = await open(place.full, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK)
  try {
    const stats = await file.stat()
    if (stats.isDirectory()) return { kind: 'folder' }
    if (!stats.isFile()) return { kind: 'special' }
    if (stats.size > maxBytes) return { kind: 'too large', bytes: stats.size }
    const bytes = await file.readFile()
    // Text has no zero bytes; UTF-16 does, and is as good as binary here.
    if (bytes.subarray(0, PROBE_BYTES).includes(0)) return { kind: 'binary', bytes: bytes.length }
    return { kind: 'text', text: new TextDecoder().decode(bytes), bytes: bytes.length }
  } finally {
    await file.close()
  }
}
