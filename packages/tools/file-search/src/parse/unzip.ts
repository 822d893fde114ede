import { Inflate } from 'fflate'
import { ReadFailure } from './read-failure.ts'

/** Files that a zip may list. */
const MAX_ENTRIES = 10_000
/** How much a file may shrink by being packed: DEFLATE reaches a thousand with zeros only, real parts of documents stay below 100. */
const MAX_RATIO = 250
/** What is too small to do harm, whatever its ratio. */
const HARMLESS_BYTES = 1024 * 1024
const INFLATE_STEP = 64 * 1024

/** One file inside of a zip, not read yet. */
interface Entry {
  readonly packed: Uint8Array
  readonly method: number
  readonly size: number
}

/** A zip whose files are read when they are asked for. */
export interface ZipFile {
  readonly names: readonly string[]
  has(name: string): boolean
  /**
   * A file of it, unpacked.
   *
   * @throws ReadFailure `invalid_file`, `file_too_large`.
   */
  read(name: string): Uint8Array
}

/**
 * Opens a zip by its central directory. What is unpacked is counted while it is, whatever the headers say; files that overlap are refused, since that is how small zips
 * hold a lot; a zip inside of a zip is a file like others, and stays packed.
 *
 * @throws ReadFailure `invalid_file` when it is damaged, encrypted, or not what documents are packed as.
 */
export const openZip = (bytes: Uint8Array, maxUnpackedBytes: number): ZipFile => {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const entries = readDirectory(bytes, view)
  let unpacked = 0
  return {
    names: [...entries.keys()],
    has: (name) => entries.has(name),
    read(name) {
      const entry = entries.get(name)
      if (entry === undefined) throw damaged(`it has no part "${name.slice(0, 80)}"`)
      const rest = maxUnpackedBytes - unpacked
      const content =
        entry.method === STORED
          ? stored(entry, rest, maxUnpackedBytes)
          : inflated(entry, rest, maxUnpackedBytes)
      unpacked += content.length
      return content
    },
  }
}

const STORED = 0
const DEFLATED = 8

const readDirectory = (bytes: Uint8Array, view: DataView): Map<string, Entry> => {
  const end = findEnd(view)
  const count = view.getUint16(end + 10, true)
  const start = view.getUint32(end + 16, true)
  if (count === 0xffff || start === 0xffffffff) throw damaged('it is a zip64, which documents are not')
  if (count > MAX_ENTRIES) throw damaged(`it lists ${count} files, more than ${MAX_ENTRIES}`)
  const entries = new Map<string, Entry>()
  const places: { from: number; to: number }[] = []
  let at = start
  for (let n = 0; n < count; n++) {
    if (at + 46 > end || view.getUint32(at, true) !== 0x02014b50) throw damaged('its directory is cut off')
    const flags = view.getUint16(at + 8, true)
    const method = view.getUint16(at + 10, true)
    const packedSize = view.getUint32(at + 20, true)
    const size = view.getUint32(at + 24, true)
    const nameLength = view.getUint16(at + 28, true)
    const local = view.getUint32(at + 42, true)
    const name = new TextDecoder().decode(bytes.subarray(at + 46, at + 46 + nameLength))
    at += 46 + nameLength + view.getUint16(at + 30, true) + view.getUint16(at + 32, true)
    if ((flags & 1) !== 0) throw damaged('it is encrypted')
    if (method !== STORED && method !== DEFLATED)
      throw damaged('it is packed in a way that documents are not')
    if (local + 30 > start || view.getUint32(local, true) !== 0x04034b50)
      throw damaged('a file in it has no head')
    const from = local + 30 + view.getUint16(local + 26, true) + view.getUint16(local + 28, true)
    if (from + packedSize > start) throw damaged('a file in it is cut off')
    if (entries.has(name)) throw damaged('it has two files of one name')
    entries.set(name, { packed: bytes.subarray(from, from + packedSize), method, size })
    places.push({ from: local, to: from + packedSize })
  }
  places.sort((a, b) => a.from - b.from)
  for (const [index, place] of places.entries())
    if (index > 0 && place.from < (places[index - 1]?.to ?? 0)) throw damaged('files in it overlap')
  return entries
}

/** The record at the end, before a comment of up to 64 KB. */
const findEnd = (view: DataView): number => {
  const first = Math.max(0, view.byteLength - 22 - 0xffff)
  for (let at = view.byteLength - 22; at >= first; at--)
    if (view.getUint32(at, true) === 0x06054b50 && at + 22 + view.getUint16(at + 20, true) <= view.byteLength)
      return at
  throw damaged('it has no end')
}

const stored = ({ packed }: Entry, rest: number, max: number): Uint8Array => {
  if (packed.length > rest) throw tooLarge(max)
  return packed
}

const inflated = ({ packed, size }: Entry, rest: number, max: number): Uint8Array => {
  const most = Math.min(rest, Math.max(HARMLESS_BYTES, packed.length * MAX_RATIO))
  const parts: Uint8Array[] = []
  let length = 0
  const inflate = new Inflate((part) => {
    length += part.length
    if (length > most)
      throw length > rest
        ? tooLarge(max)
        : damaged(`a file in it unpacks to more than ${MAX_RATIO} times its size`)
    parts.push(part)
  })
  try {
    // In steps: what a step unpacks to is counted before the next one.
    for (let at = 0; at < packed.length; at += INFLATE_STEP)
      inflate.push(packed.subarray(at, at + INFLATE_STEP), at + INFLATE_STEP >= packed.length)
  } catch (cause) {
    if (cause instanceof ReadFailure) throw cause
    throw damaged('a file in it cannot be unpacked', cause)
  }
  if (length !== size) throw damaged('a file in it is not as long as it says')
  const content = new Uint8Array(length)
  let at = 0
  for (const part of parts) {
    content.set(part, at)
    at += part.length
  }
  return content
}

const damaged = (why: string, cause?: unknown): ReadFailure =>
  new ReadFailure('invalid_file', `The file cannot be unpacked: ${why}.`, { cause })

const tooLarge = (max: number): ReadFailure =>
  new ReadFailure(
    'file_too_large',
    `The file unpacks to more than ${max} bytes. Divide it, or raise \`limits.maxUnpackedBytes\`.`,
  )
