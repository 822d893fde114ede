import { defineConfig } from 'tsup'

export default defineConfig({
  entry: { index: 'src/index.ts', 'page-worker': 'src/html/page-worker.ts' },
  format: ['esm'],
  target: 'node20',
  dts: true,
  clean: true,
  splitting: true,
  treeshake: true,
  removeNodeProtocol: false,
})
