/**
 * Exports are named one by one, and only a package's entries re-export: inside a package a file imports the file itself.
 * Configuration files, and the agent files that tests of the command line load, are the exception to "no default export": whoever
 * reads them demands it.
 */
import { readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import ts from 'typescript'
import { isCode, sourceFiles } from './source-files.mjs'

const root = resolve(process.argv[2] ?? '.')
const entry = /^packages\/(\w[\w-]*|tools\/\w[\w-]*)\/src\/(\w+\/)?index\.ts$/

/** @type {string[]} */
const failures = []
for (const path of sourceFiles(root, ['packages', 'examples', 'scripts']).filter(isCode)) {
  const source = ts.createSourceFile(path, readFileSync(join(root, path), 'utf8'), ts.ScriptTarget.Latest)
  for (const statement of source.statements) {
    const complaint = complain(path, statement)
    if (complaint) failures.push(`${path}:${lineOf(source, statement)} ${complaint}`)
  }
}
for (const failure of failures) process.stderr.write(`${failure}\n`)
process.exitCode = failures.length === 0 ? 0 : 1

/** @param {string} path @param {ts.Statement} statement */
function complain(path, statement) {
  if (ts.isExportAssignment(statement) && !/\.config\.[cm]?[jt]s$|\/test\/agents\//.test(path))
    return 'has a default export: name it'
  if (!ts.isExportDeclaration(statement) || !statement.moduleSpecifier || !/\/src\//.test(path))
    return undefined
  const { exportClause } = statement
  if (!exportClause || ts.isNamespaceExport(exportClause)) return 'has `export *`: list the names'
  return entry.test(path)
    ? undefined
    : 're-exports: only the index.ts of a package does; import the file itself'
}

/** @param {ts.SourceFile} source @param {ts.Node} node */
function lineOf(source, node) {
  return source.getLineAndCharacterOfPosition(node.getStart(source)).line + 1
}
