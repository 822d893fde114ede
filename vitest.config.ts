import { fileURLToPath } from 'node:url'
import { defineConfig } from 'vitest/config'

const file = (path: string): string => fileURLToPath(new URL(path, import.meta.url))

const toolPackage = /^@antiphon\/(egress|sandbox|web-search|file-search|code-interpreter|mcp|shell)$/

// Tests name the packages as users do. By default that is the source; with TEST_BUILT=1 it is what was built.
const source = [
  { find: /^antiphon\/testing$/, replacement: file('packages/core/src/testing/index.ts') },
  { find: /^antiphon$/, replacement: file('packages/core/src/index.ts') },
  { find: /^@antiphon\/client$/, replacement: file('packages/client/src/index.ts') },
  { find: /^@antiphon\/store$/, replacement: file('packages/store/src/index.ts') },
  { find: /^@antiphon\/store\/(sqlite|postgres)$/, replacement: file('packages/store/src/$1/index.ts') },
  { find: /^@antiphon\/dbos$/, replacement: file('packages/dbos/src/index.ts') },
  { find: toolPackage, replacement: file('packages/tools/$1/src/index.ts') },
  { find: /^@antiphon\/server$/, replacement: file('packages/server/src/index.ts') },
  { find: /^@antiphon\/cli$/, replacement: file('packages/cli/src/index.ts') },
]
const built = [
  { find: /^antiphon\/testing$/, replacement: file('packages/core/dist/testing.js') },
  { find: /^antiphon$/, replacement: file('packages/core/dist/index.js') },
  { find: /^@antiphon\/client$/, replacement: file('packages/client/dist/index.js') },
  { find: /^@antiphon\/store$/, replacement: file('packages/store/dist/index.js') },
  { find: /^@antiphon\/store\/(sqlite|postgres)$/, replacement: file('packages/store/dist/$1.js') },
  { find: /^@antiphon\/dbos$/, replacement: file('packages/dbos/dist/index.js') },
  { find: toolPackage, replacement: file('packages/tools/$1/dist/index.js') },
  { find: /^@antiphon\/server$/, replacement: file('packages/server/dist/index.js') },
  { find: /^@antiphon\/cli$/, replacement: file('packages/cli/dist/index.js') },
]

export default defineConfig({
  resolve: { alias: process.env.TEST_BUILT ? built : source },
  test: {
    include: [
      'packages/*/test/**/*.test.ts',
      'packages/tools/*/test/**/*.test.ts',
      ...(process.env.TEST_BUILT ? [] : ['scripts/test/**/*.test.ts']),
    ],
    setupFiles: [file('scripts/property-seed.ts')],
    // A busy machine is no failure: these only end what hangs.
    testTimeout: 60_000,
    hookTimeout: 60_000,
    expect: { poll: { timeout: 10_000 } },
    pool: 'forks',
  },
})
