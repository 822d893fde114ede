/** What users can import, read by the TypeScript compiler from the sources of each package entry. */
import { existsSync } from 'node:fs'
import { join, relative } from 'node:path'
import ts from 'typescript'

/**
 * @typedef {object} Entry
 * @property {string} specifier what a user imports, such as `antiphon/testing`
 * @property {string} page file name of its page
 * @property {string} file source file, from the root
 */

/** @type {Entry[]} */
const entries = [
  { specifier: 'antiphon', page: 'antiphon.md', file: 'packages/core/src/index.ts' },
  { specifier: 'antiphon/testing', page: 'antiphon-testing.md', file: 'packages/core/src/testing/index.ts' },
  { specifier: '@antiphon/client', page: 'client.md', file: 'packages/client/src/index.ts' },
  { specifier: '@antiphon/store', page: 'store.md', file: 'packages/store/src/index.ts' },
  {
    specifier: '@antiphon/store/sqlite',
    page: 'store-sqlite.md',
    file: 'packages/store/src/sqlite/index.ts',
  },
  {
    specifier: '@antiphon/store/postgres',
    page: 'store-postgres.md',
    file: 'packages/store/src/postgres/index.ts',
  },
  { specifier: '@antiphon/dbos', page: 'dbos.md', file: 'packages/dbos/src/index.ts' },
  { specifier: '@antiphon/server', page: 'server.md', file: 'packages/server/src/index.ts' },
  { specifier: '@antiphon/egress', page: 'egress.md', file: 'packages/tools/egress/src/index.ts' },
  { specifier: '@antiphon/sandbox', page: 'sandbox.md', file: 'packages/tools/sandbox/src/index.ts' },
  {
    specifier: '@antiphon/web-search',
    page: 'web-search.md',
    file: 'packages/tools/web-search/src/index.ts',
  },
  {
    specifier: '@antiphon/file-search',
    page: 'file-search.md',
    file: 'packages/tools/file-search/src/index.ts',
  },
  {
    specifier: '@antiphon/code-interpreter',
    page: 'code-interpreter.md',
    file: 'packages/tools/code-interpreter/src/index.ts',
  },
  { specifier: '@antiphon/mcp', page: 'mcp.md', file: 'packages/tools/mcp/src/index.ts' },
  { specifier: '@antiphon/shell', page: 'shell.md', file: 'packages/tools/shell/src/index.ts' },
  { specifier: '@antiphon/cli', page: 'cli.md', file: 'packages/cli/src/index.ts' },
]

/**
 * @param {string} root
 * @returns {{ program: ts.Program, checker: ts.TypeChecker, present: Entry[] }}
 */
export function readPackages(root) {
  const config = ts.readConfigFile(join(root, 'tsconfig.base.json'), ts.sys.readFile)
  const { options } = ts.parseJsonConfigFileContent(config.config, ts.sys, root)
  const present = entries.filter(({ file }) => existsSync(join(root, file)))
  const program = ts.createProgram(
    present.map(({ file }) => join(root, file)),
    options,
  )
  return { program, checker: program.getTypeChecker(), present }
}

/**
 * The exports of a module, each with the symbol it stands for, by name.
 * @param {string} file absolute
 * @param {ts.Program} program
 * @param {string} root
 */
export function exportsOf(file, program, root) {
  const checker = program.getTypeChecker()
  const source = program.getSourceFile(file)
  const module = source && checker.getSymbolAtLocation(source)
  if (!module) throw new Error(`${file} exports nothing`)
  return checker
    .getExportsOfModule(module)
    .map((symbol) => {
      const target = symbol.flags & ts.SymbolFlags.Alias ? checker.getAliasedSymbol(symbol) : symbol
      const declaredIn = target.declarations?.[0]?.getSourceFile().fileName ?? ''
      return {
        name: symbol.name,
        symbol: target,
        declaredIn: relative(root, declaredIn).replaceAll('\\', '/'),
      }
    })
    .sort((a, b) => (a.name < b.name ? -1 : 1))
}
