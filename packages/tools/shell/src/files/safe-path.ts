import { PatchError } from '../patch-error.ts'

/** Where a patch keeps what it is about to write, below the root. */
export const STAGING_FOLDER = '.antiphon-patch'

const MAX_PATH_CHARS = 1000
const MAX_COMPONENT_BYTES = 255

/** A name as the file systems that fold names see it: case, trailing dots and spaces, and signs without width do not count. */
const folded = (name: string): string =>
  name
    .normalize('NFKC')
    .replace(/[\u200B-\u200F\u202A-\u202E\u2060-\u206F\uFEFF\u00AD]/g, '')
    .toLowerCase()
    .replace(/[. ]+$/, '')

const refuse = (path: string, why: string): PatchError =>
  new PatchError('patch_path', `The path ${JSON.stringify(path.slice(0, 200))} is refused: ${why}.`)

const hasControl = (path: string): boolean => {
  for (let at = 0; at < path.length; at++) {
    const code = path.charCodeAt(at)
    if (code < 32 || code === 127) return true
  }
  return false
}

const checkName = (path: string, component: string, protectedNames: readonly string[]): void => {
  const name = folded(component)
  if (component === '..' || name === '') throw refuse(path, 'it may not leave the root')
  if (Buffer.byteLength(component) > MAX_COMPONENT_BYTES) throw refuse(path, 'a name in it is too long')
  if (name.startsWith(STAGING_FOLDER)) throw refuse(path, `${STAGING_FOLDER} is used by patches themselves`)
  // `git~1` is what some file systems call `.git` as well.
  if (protectedNames.some((kept) => folded(kept) === name || (kept === '.git' && name === 'git~1')))
    throw refuse(path, `${component} is protected`)
}

/**
 * The components of a path as a model wrote it: relative, below the root, and without any of `protectedNames`, at any depth.
 *
 * @throws PatchError `patch_path`
 */
export const safePath = (path: string, protectedNames: readonly string[]): string[] => {
  if (path.trim() === '') throw refuse(path, 'it is empty')
  if (path.length > MAX_PATH_CHARS) throw refuse(path, `it is longer than ${MAX_PATH_CHARS} characters`)
  if (hasControl(path)) throw refuse(path, 'it has control characters')
  if (/^([/\\~]|[A-Za-z]:)/.test(path)) throw refuse(path, 'it has to be relative to the root')
  if (path.includes('\\')) throw refuse(path, 'folders are separated by /')
  if (/(^|\/)\.?$/.test(path)) throw refuse(path, 'it names a folder')
  const components = path.split('/').filter((component) => component !== '' && component !== '.')
  for (const component of components) checkName(path, component, protectedNames)
  return components
}
