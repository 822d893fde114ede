import { WebSearchError } from '../web-search-error.ts'
import { type HtmlJob, type HtmlThread, startHtmlThread } from './html-thread.ts'
import type { ReadablePage } from './html-to-markdown.ts'

/** The bounds of reading pages. */
export interface HtmlReaderOptions {
  /** For one page, from when a thread has it. @defaultValue 10_000 */
  readonly timeoutMs?: number
  /** Threads at a time; pages above wait. @defaultValue 2 */
  readonly maxThreads?: number
  /** Of the markdown of one page. @defaultValue 1_000_000 */
  readonly maxChars?: number
  /** After this time without a page, a thread is ended. @defaultValue 30_000 */
  readonly idleMs?: number
}

/** Reads HTML in threads of its own, each with a bound of time, memory and stack. */
export interface HtmlReader {
  /** Throws `WebSearchError` (`page_unreadable`); when the signal aborts, its reason. */
  read(html: string, url: string, signal?: AbortSignal): Promise<ReadablePage>
  /** Ends all threads; pages that are being read, and those that come later, reject. */
  close(): Promise<void>
}

interface Waiting {
  readonly job: HtmlJob
  readonly resolve: (page: ReadablePage) => void
  readonly reject: (error: unknown) => void
}

/** Makes a reader. Threads are started when there is a page for them. */
export const createHtmlReader = ({
  timeoutMs = 10_000,
  maxThreads = 2,
  maxChars = 1_000_000,
  idleMs = 30_000,
}: HtmlReaderOptions = {}): HtmlReader => {
  const waiting = new Set<Waiting>()
  const busy = new Set<HtmlThread>()
  const idle = new Map<HtmlThread, NodeJS.Timeout>()
  let isClosed = false

  const next = (): void => {
    for (const each of waiting) {
      if (busy.size >= maxThreads) return
      waiting.delete(each)
      void run(takeThread(), each)
    }
  }

  const takeThread = (): HtmlThread => {
    for (const [thread, timer] of idle) {
      clearTimeout(timer)
      idle.delete(thread)
      if (!thread.isOver) return thread
    }
    return startHtmlThread()
  }

  const run = async (thread: HtmlThread, { job, resolve, reject }: Waiting): Promise<void> => {
    busy.add(thread)
    await thread.read(job, timeoutMs).then(resolve, reject)
    busy.delete(thread)
    if (isClosed) void thread.end(closedError())
    else if (!thread.isOver) rest(thread)
    next()
  }

  const rest = (thread: HtmlThread): void => {
    const timer = setTimeout(() => {
      idle.delete(thread)
      void thread.end(closedError())
    }, idleMs)
    idle.set(thread, timer.unref())
  }

  return {
    read: (html, url, signal) =>
      new Promise((resolve, reject) => {
        signal?.throwIfAborted()
        if (isClosed) throw closedError()
        // A page that a thread has already is read to its end, for nobody; its time is bounded.
        const stop = (): void => each.reject(signal?.reason)
        const done = (): void => {
          waiting.delete(each)
          signal?.removeEventListener('abort', stop)
        }
        const each: Waiting = {
          job: { html, url, maxChars },
          resolve: (page) => {
            done()
            resolve(page)
          },
          reject: (error) => {
            done()
            reject(error)
          },
        }
        signal?.addEventListener('abort', stop, { once: true })
        waiting.add(each)
        next()
      }),
    close: async () => {
      isClosed = true
      for (const each of waiting) each.reject(closedError())
      for (const timer of idle.values()) clearTimeout(timer)
      const threads = [...idle.keys(), ...busy]
      idle.clear()
      await Promise.allSettled(threads.map((thread) => thread.end(closedError())))
    },
  }
}

const closedError = (): WebSearchError =>
  new WebSearchError('page_unreadable', 'Pages are no longer read: the tool is closed.')
