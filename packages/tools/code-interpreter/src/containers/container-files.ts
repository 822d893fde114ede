import { randomBytes } from 'node:crypto'
import {
  type BeneathFile,
  listBeneath,
  openBeneath,
  removeBeneath,
  type SandboxUser,
  writeBeneath,
} from '@antiphon/sandbox'
import { InterpreterError } from '../interpreter-error.ts'

/** Where files of a container are, as code sees them. */
export const DATA = '/mnt/data'

/** A file of a container. */
export interface ContainerFile {
  /** Begins with `cfile_`. */
  readonly id: string
  /** Relative to `/mnt/data`. */
  readonly path: string
  readonly bytes: number
  /** Milliseconds since 1970. */
  readonly createdAt: number
  /** `user`: it was put in; `assistant`: code made it, or changed it last. */
  readonly source: 'user' | 'assistant'
}

/** The files of one container: those that are in its folder, and what is known of them. */
export interface ContainerFiles {
  /** Looks again at what is there. `isCut` when there are more files than a container may have. */
  refresh(): Promise<{ readonly isCut: boolean }>
  list(): readonly ContainerFile[]
  /** A point in the order of changes, for `madeSince`. */
  mark(): number
  /** What code, or what ran it, has made or changed since. */
  madeSince(mark: number): readonly ContainerFile[]
  /** @throws InterpreterError `container_file_refused` when there is no room, or the name cannot be one. */
  put(name: string, content: Uint8Array, source?: ContainerFile['source']): Promise<ContainerFile>
  /** @throws InterpreterError `container_file_unknown` */
  get(id: string): ContainerFile
  /** Its bytes, in pieces. @throws InterpreterError `container_file_unknown` when code has taken it away. */
  read(id: string): Promise<AsyncIterable<Uint8Array> & { readonly bytes: number }>
  remove(id: string): Promise<void>
  /** Takes away what is new since the last look: it was too much. */
  removeNew(): Promise<void>
}

/** What the files of a container may be. */
export interface ContainerFileOptions {
  readonly folder: string
  readonly maxFiles: number
  readonly maxBytes: number
  user(): SandboxUser | undefined
}

/** A label as a name of a file that any system takes: its last part, without what is no letter, digit or sign of a name. */
export const fileName = (label: string): string => {
  const last = label.split(/[/\\]/).at(-1) ?? ''
  const plain = last
    .normalize('NFC')
    .replace(/\p{Cc}/gu, '')
    .trim()
    .slice(0, 100)
  return ['', '.', '..'].includes(plain) ? 'file' : plain
}

const unknown = (id: string): InterpreterError =>
  new InterpreterError('container_file_unknown', `There is no file ${id} in this container.`)

/** Keeps watch of the files in a folder that code writes. */
export const containerFiles = ({
  folder,
  maxFiles,
  maxBytes,
  user,
}: ContainerFileOptions): ContainerFiles => {
  const known = new Map<string, ContainerFile & { readonly version: string; readonly order: number }>()
  let order = 0

  const look = async () => {
    const { files, isCut } = await listBeneath(folder, { maxFiles })
    const here = new Set(files.map(({ path }) => path))
    const changed = files.filter(({ path, version }) => known.get(path)?.version !== version)
    return { here, changed, isCut }
  }
  const learn = ({ path, bytes, version }: BeneathFile, source: ContainerFile['source']): ContainerFile => {
    const id = known.get(path)?.id ?? `cfile_${randomBytes(16).toString('hex')}`
    order += 1
    const file = { id, path, bytes, version, source, order, createdAt: Date.now() }
    known.set(path, file)
    return file
  }
  const find = (id: string): ContainerFile => {
    for (const file of known.values()) if (file.id === id) return file
    throw unknown(id)
  }

  return {
    refresh: async () => {
      const { here, changed, isCut } = await look()
      for (const path of known.keys()) if (!here.has(path)) known.delete(path)
      for (const file of changed) learn(file, 'assistant')
      return { isCut }
    },
    list: () => [...known.values()],
    mark: () => order,
    madeSince: (mark) =>
      [...known.values()].filter((file) => file.source === 'assistant' && file.order > mark),
    put: async (name, content, source = 'user') => {
      const path = fileName(name)
      const others = [...known.values()].filter((file) => file.path !== path)
      const bytes = others.reduce((sum, file) => sum + file.bytes, content.length)
      if (others.length >= maxFiles || bytes > maxBytes)
        throw new InterpreterError(
          'container_file_refused',
          `The container has no room for ${path}: it may have ${maxFiles} files and ${maxBytes} bytes.`,
        )
      await writeBeneath(folder, path, content, user())
      const { changed } = await look()
      const written = changed.find((file) => file.path === path)
      return learn(written ?? { path, bytes: content.length, version: '' }, source)
    },
    get: find,
    read: async (id) => {
      const { path } = find(id)
      const file = await openBeneath(folder, path).catch(() => {
        throw unknown(id)
      })
      const { size } = await file.stat()
      const stream = file.createReadStream({ end: Math.max(0, size - 1) })
      return Object.assign(stream as AsyncIterable<Uint8Array>, { bytes: size })
    },
    remove: async (id) => {
      const { path } = find(id)
      await removeBeneath(folder, path)
      known.delete(path)
    },
    removeNew: async () => {
      const { changed } = await look()
      for (const { path } of changed) await removeBeneath(folder, path).catch(() => {})
    },
  }
}
