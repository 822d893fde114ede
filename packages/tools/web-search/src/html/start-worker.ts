import { createRequire } from 'node:module'
import { Worker } from 'node:worker_threads'

/** What a hostile page may take before its thread is ended: in MiB. */
const LIMITS = { maxOldGenerationSizeMb: 256, maxYoungGenerationSizeMb: 32, stackSizeMb: 4 }

/** Starts a thread that turns HTML into markdown. It keeps no process alive. */
export const startWorker = (): Worker => {
  const worker = import.meta.url.endsWith('.ts')
    ? new Worker(fromSource(), { eval: true, resourceLimits: LIMITS, env: {} })
    : new Worker(new URL('./page-worker.js', import.meta.url), {
        resourceLimits: LIMITS,
        // No variable of the process, keys among them, is in reach of what parses pages.
        env: {},
        execArgv: [],
      })
  worker.unref()
  return worker
}

/** In a checkout the worker is TypeScript, which a thread takes only with a loader of its own. */
const fromSource = (): string => {
  const loader = createRequire(import.meta.url).resolve('tsx/esm/api')
  const entry = new URL('./page-worker.ts', import.meta.url).href
  return `import(${JSON.stringify(loader)}).then(({ register }) => { register(); return import(${JSON.stringify(entry)}) })`
}
