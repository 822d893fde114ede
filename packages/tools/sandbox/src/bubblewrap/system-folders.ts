import { lstat, readlink } from 'node:fs/promises'

/** Folders at the root that lead to libraries and programs: links into /usr on most systems, folders of their own on some. */
const AT_ROOT = ['/bin', '/sbin', '/lib', '/lib32', '/lib64', '/libx32']

/** What programs read of the host's settings: where their libraries are, and fonts. Nothing of it is about this host or its people. */
const SETTINGS = ['/etc/alternatives', '/etc/ld.so.cache', '/etc/fonts', '/etc/matplotlibrc']

/** Arguments that show the folders of programs for reading, as the host has them. */
export const systemFolders = async (systemPaths: readonly string[]): Promise<string[]> => {
  const args = systemPaths.flatMap((path) => ['--ro-bind', path, path])
  for (const path of AT_ROOT) {
    const found = await lstat(path).catch(() => undefined)
    if (found === undefined) continue
    if (found.isSymbolicLink()) args.push('--symlink', await readlink(path), path)
    else args.push('--ro-bind', path, path)
  }
  return [...args, ...SETTINGS.flatMap((path) => ['--ro-bind-try', path, path])]
}
