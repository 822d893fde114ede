import { defineConfig } from 'tsup'

export default defineConfig({
  // The reader is started as a process.
  entry: { index: 'src/index.ts', reader: 'src/parse/reader-main.ts' },
  format: ['esm'],
  target: 'node20',
  dts: true,
  clean: true,
  splitting: true,
  treeshake: true,
  removeNodeProtocol: false,
})
