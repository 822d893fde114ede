import { randomBytes } from 'node:crypto'
import { chmod, mkdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { openSandbox, type Sandbox } from '@antiphon/sandbox'
import { InterpreterError } from '../interpreter-error.ts'
import { startJavaScript } from '../kernel/javascript-kernel.ts'
import type { Kernel, KernelResult } from '../kernel/kernel.ts'
import { startPython } from '../kernel/python-kernel.ts'
import type { Container, ContainerResult, NewContainer } from './container.ts'
import { containerFiles, DATA } from './container-files.ts'
import type { ContainerSettings, Language } from './container-options.ts'
import { MEMORY_BYTES } from './memory-limit.ts'
import { textsOf } from './text-files.ts'

/** What JavaScript may have of the memory of a container: it shares the process. */
const JAVASCRIPT_BYTES = 128 * 1024 * 1024

/** A container, and how it ends. */
export interface OpenContainer extends Container {
  /** Calls that run, or wait for others. */
  readonly calls: number
  close(): Promise<void>
}

/** Makes a container: its folder, and, with the first call of a language, what runs it. */
export const openContainer = async (
  settings: ContainerSettings,
  root: string,
  tenant: string,
  asked: NewContainer,
): Promise<OpenContainer> => {
  const id = asked.id ?? `cntr_${randomBytes(16).toString('hex')}`
  const folder = join(root, randomBytes(16).toString('hex'))
  await mkdir(folder)
  // The user of a sandbox gets it; nobody else looks into it.
  await chmod(folder, 0o700)
  const memory = asked.memory ?? settings.memory
  let sandbox: Promise<Sandbox> | undefined
  let opened: Sandbox | undefined
  const kernels = new Map<Language, Kernel>()
  const files = containerFiles({
    folder,
    maxFiles: settings.maxFiles,
    maxBytes: settings.diskBytes,
    user: () => opened?.user,
  })
  const createdAt = Date.now()
  let lastActiveAt = createdAt
  let calls = 0
  let isClosed = false
  let last: Promise<unknown> = Promise.resolve()

  const python = async (): Promise<Kernel> => {
    sandbox ??= openSandbox({
      mounts: [{ hostPath: folder, path: DATA, writable: true, handOver: true }],
      cwd: DATA,
      limits: {
        memoryBytes: MEMORY_BYTES[memory],
        diskBytes: settings.diskBytes,
        fileBytes: settings.diskBytes,
        processes: settings.processes,
        // A few more than may be kept: who makes too many is told, and not killed.
        files: settings.maxFiles * 4,
      },
    })
    try {
      opened = await sandbox
    } catch (error) {
      sandbox = undefined
      throw error
    }
    return startPython(opened, settings.pythonPath)
  }
  const kernelFor = async (language: Language): Promise<Kernel> => {
    const running = kernels.get(language)
    if (running !== undefined) return running
    const kernel = language === 'python' ? await python() : startJavaScript(textsOf(files), JAVASCRIPT_BYTES)
    kernels.set(language, kernel)
    return kernel
  }

  const call = async (
    code: string,
    language: Language,
    signal: AbortSignal | undefined,
  ): Promise<ContainerResult> => {
    if (isClosed) throw new InterpreterError('container_unknown', `The container ${id} is gone.`)
    lastActiveAt = Date.now()
    const mark = files.mark()
    const kernel = await kernelFor(language)
    const result = await kernel.run({
      code,
      timeoutMs: settings.callTimeoutMs,
      ...(signal === undefined ? {} : { signal }),
    })
    const notes: string[] = []
    if (!result.isAlive) {
      kernels.delete(language)
      await kernel.close()
      notes.push(
        `${language === 'python' ? 'Python' : 'JavaScript'} was restarted${result.why === undefined ? '' : `, because ${result.why}`}: its variables and imports are gone, its files are kept.`,
      )
    }
    lastActiveAt = Date.now()
    return { ...shown(result), ...(await tidy(result, mark, notes)), notes }
  }
  /** Files after a call; those of one that was over its limit go. */
  const tidy = async (
    { isDiskFull, images }: KernelResult,
    mark: number,
    notes: string[],
  ): Promise<Pick<ContainerResult, 'files'>> => {
    if (isDiskFull === true) {
      await files.removeNew()
      notes.push('The files that it wrote were taken away.')
    }
    for (const [index, { base64 }] of images.entries()) {
      const name = `figure-${Date.now().toString(36)}-${index + 1}.png`
      await files
        .put(name, Buffer.from(base64, 'base64'), 'assistant')
        .catch((error: Error) => notes.push(error.message))
    }
    const { isCut } = await files.refresh()
    if (isCut)
      notes.push(
        `There are more than ${settings.maxFiles} files in ${DATA}; some of them cannot be given out.`,
      )
    return { files: files.madeSince(mark) }
  }

  return {
    ...{ id, tenant, memory, createdAt, files },
    name: asked.name ?? 'auto',
    idleMinutes: asked.idleMinutes ?? settings.idleMinutes,
    isAuto: asked.isAuto ?? false,
    get lastActiveAt() {
      return lastActiveAt
    },
    get calls() {
      return calls
    },
    touch: () => {
      lastActiveAt = Date.now()
    },
    run: (code, { language = settings.languages[0]!, signal } = {}) => {
      calls += 1
      const running = last
        .then(() => call(code, language, signal))
        .finally(() => {
          calls -= 1
        })
      last = running.catch(() => {})
      return running
    },
    close: async () => {
      isClosed = true
      await Promise.allSettled([...kernels.values()].map((kernel) => kernel.close()))
      await (await sandbox?.catch(() => undefined))?.close()
      // Nothing of it runs any more, so nothing changes under our hands.
      await rm(folder, { recursive: true, force: true })
    },
  }
}

const shown = ({ end, logs, isCut, value, images }: KernelResult) => ({ end, logs, isCut, value, images })
