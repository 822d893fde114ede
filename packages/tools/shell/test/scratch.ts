import { chmod, lstat, mkdir, mkdtemp, readdir, readFile, readlink, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { onTestFinished } from 'vitest'

/** A folder for one test, with a root in it and a place outside of the root. */
export interface Scratch {
  readonly root: string
  readonly outside: string
  write(path: string, text: string | Uint8Array): Promise<void>
  read(path: string): Promise<string>
  /** Every file, link and folder below the root, with what is in it. */
  all(): Promise<Record<string, string>>
}

export const allBelow = async (folder: string, prefix = ''): Promise<Record<string, string>> => {
  const found: Record<string, string> = {}
  for (const name of (await readdir(folder)).toSorted()) {
    const path = join(folder, name)
    const stat = await lstat(path)
    if (stat.isDirectory()) {
      found[`${prefix}${name}/`] = ''
      Object.assign(found, await allBelow(path, `${prefix}${name}/`))
    } else if (stat.isSymbolicLink()) found[prefix + name] = `-> ${await readlink(path)}`
    else found[prefix + name] = (await readFile(path)).toString('latin1')
  }
  return found
}

/** Makes one, with files; it is removed when the test is over. */
export const scratch = async (files: Record<string, string | Uint8Array> = {}): Promise<Scratch> => {
  const base = await mkdtemp(join(tmpdir(), 'antiphon-shell-'))
  onTestFinished(() => rm(base, { recursive: true, force: true }))
  const root = join(base, 'root')
  const outside = join(base, 'outside')
  // The user of a sandbox has to reach the root.
  await chmod(base, 0o755)
  await mkdir(root)
  await mkdir(outside)
  const write = async (path: string, text: string | Uint8Array): Promise<void> => {
    await mkdir(dirname(join(root, path)), { recursive: true })
    await writeFile(join(root, path), text)
  }
  for (const [path, text] of Object.entries(files)) await write(path, text)
  return {
    root,
    outside,
    write,
    read: (path) => readFile(join(root, path), 'utf8'),
    all: () => allBelow(root),
  }
}
