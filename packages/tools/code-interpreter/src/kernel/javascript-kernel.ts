import { openQuickJs } from '@antiphon/sandbox'
import type { KernelCall, KernelResult } from './kernel.ts'
import { KERNEL_BOUNDS } from './kernel.ts'

/** What JavaScript has of the files of a container: texts, by their paths. */
export interface TextFiles {
  read(): Promise<Readonly<Record<string, string>>>
  write(files: Readonly<Record<string, string>>): Promise<void>
}

/** JavaScript in QuickJS, with the texts of a container as its files. */
export const startJavaScript = (files: TextFiles, memoryBytes: number) => {
  const quickJs = openQuickJs({ memoryBytes, outputChars: KERNEL_BOUNDS.logBytes })
  return {
    run: async ({ code, timeoutMs, signal }: KernelCall): Promise<KernelResult> => {
      const {
        end,
        logs,
        isCut,
        value,
        files: written,
        isLost,
      } = await quickJs.evaluate(code, {
        timeoutMs,
        ...(signal === undefined ? {} : { signal }),
        files: await files.read(),
      })
      await files.write(written)
      return {
        end: end === 'value' ? 'ok' : end,
        logs,
        isCut,
        value: value?.slice(0, KERNEL_BOUNDS.valueChars),
        images: [],
        isAlive: !isLost,
        ...(end === 'died' ? { why: 'it used more memory than it has' } : {}),
      }
    },
    close: () => quickJs.close(),
  }
}
