import { fieldOf } from './json-values.ts'

const EXTENSIONS: Record<string, readonly string[]> = {
  typescript: ['ts', 'tsx', 'mts', 'cts'],
  ts: ['ts'],
  tsx: ['tsx'],
  javascript: ['js', 'jsx', 'mjs', 'cjs'],
  js: ['js'],
  markdown: ['md'],
  md: ['md'],
  mdx: ['mdx'],
  json: ['json'],
  yaml: ['yaml', 'yml'],
  yml: ['yml'],
  python: ['py'],
  py: ['py'],
  rust: ['rs'],
  golang: ['go'],
  go: ['go'],
  java: ['java'],
  ruby: ['rb'],
  html: ['html'],
  css: ['css'],
  sql: ['sql'],
  shell: ['sh'],
  csv: ['csv'],
  pdf: ['pdf'],
  text: ['txt'],
  txt: ['txt'],
}

/** Files that are known by a bare upper-case or capitalised name and have no ending. */
const BARE = new Set([
  'LICENSE',
  'LICENCE',
  'NOTICE',
  'COPYING',
  'AUTHORS',
  'CODEOWNERS',
  'MAKEFILE',
  'DOCKERFILE',
])

const DOCUMENTS =
  /^(?:README|CONTRIBUTING|CHANGELOG|LICEN[CS]E|AGENTS|ARCHITECTURE|SECURITY|CODE_OF_CONDUCT|NOTICE|AUTHORS|CODEOWNERS|ROADMAP|HISTORY|INSTALL|DESIGN|FAQ)$/

/** True for the names that documents of a project usually have, unlike `TODO` or `HTTP`. */
export const isDocumentName = (name: string): boolean => DOCUMENTS.test(name)

/** Extensions of a kind of file as people call it, most usual first: `TypeScript` gives `ts`, `tsx`, …. */
export const extensionsOf = (kind: string): readonly string[] | undefined =>
  fieldOf(EXTENSIONS, kind.toLowerCase().replace(/^\./, ''))

/** All the names of kinds of files, for a search in a text. */
export const fileKindNames = (): string[] => Object.keys(EXTENSIONS)

/** The file that a bare name stands for: `CONTRIBUTING` is `CONTRIBUTING.md`, `LICENSE` stays. */
export const fileNameFor = (name: string): string =>
  /\.\w+$/.test(name) || name.includes('/') || BARE.has(name.toUpperCase()) ? name : `${name}.md`

/** True when a path looks like a file (it has an ending, or is a well-known bare name), false for a folder. */
export const looksLikeFile = (path: string): boolean => {
  const name = path.split('/').at(-1) ?? path
  return (
    /[^.]\.[A-Za-z0-9]{1,8}$/.test(name) ||
    /^[A-Z][A-Z_-]{2,}$/.test(name) ||
    /^(?:Makefile|Dockerfile)$/.test(name)
  )
}
