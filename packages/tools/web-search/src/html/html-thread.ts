import { WebSearchError } from '../web-search-error.ts'
import type { ReadablePage } from './html-to-markdown.ts'
import { startWorker } from './start-worker.ts'

/** What a thread is asked. */
export interface HtmlJob {
  readonly html: string
  readonly url: string
  readonly maxChars: number
}

/** What it answers. */
export type HtmlAnswer =
  | { readonly ok: true; readonly page: ReadablePage }
  | { readonly ok: false; readonly isTooDeep: boolean }

/** One thread that reads one page at a time. */
export interface HtmlThread {
  /** Throws `WebSearchError` (`page_unreadable`); the thread is over then. Not to be called before the last page is read. */
  read(job: HtmlJob, timeoutMs: number): Promise<ReadablePage>
  /** Ends the thread; what it reads rejects with the error. */
  end(error: Error): Promise<void>
  readonly isOver: boolean
}

interface Current {
  readonly job: HtmlJob
  readonly resolve: (page: ReadablePage) => void
  readonly reject: (error: Error) => void
  readonly timer: NodeJS.Timeout
}

/** Starts a thread. It keeps the process alive only while it reads. */
export const startHtmlThread = (): HtmlThread => {
  const worker = startWorker()
  let current: Current | undefined
  let isOver = false

  const settle = (): Current | undefined => {
    const settled = current
    current = undefined
    clearTimeout(settled?.timer)
    worker.unref()
    return settled
  }
  const end = async (error: Error): Promise<void> => {
    isOver = true
    settle()?.reject(error)
    await worker.terminate()
  }
  const fail = (what: string, cause?: unknown): void => {
    void end(unreadable(current?.job.url, what, cause))
  }

  worker.on('message', (answer: HtmlAnswer) => {
    if (answer.ok) settle()?.resolve(answer.page)
    // A thread that met the end of its stack is not used again.
    else fail(answer.isTooDeep ? 'is nested too deeply' : 'is no HTML that can be read')
  })
  worker.on('error', (error: Error & { code?: string }) =>
    fail(
      error.code === 'ERR_WORKER_OUT_OF_MEMORY' ? 'needs too much memory to be read' : 'could not be read',
      error,
    ),
  )
  worker.on('exit', () => fail('could not be read'))

  return {
    read: (job, timeoutMs) =>
      new Promise((resolve, reject) => {
        const timer = setTimeout(() => fail(`took more than ${timeoutMs} ms to read`), timeoutMs)
        current = { job, resolve, reject, timer }
        worker.ref()
        worker.postMessage(job)
      }),
    end,
    get isOver() {
      return isOver
    },
  }
}

const unreadable = (url: string | undefined, what: string, cause?: unknown): WebSearchError => {
  const host = url === undefined ? '' : ` at ${new URL(url).host}`
  return new WebSearchError('page_unreadable', `The page${host} ${what}.`, { cause })
}
