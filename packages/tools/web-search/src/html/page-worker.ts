import { parentPort } from 'node:worker_threads'
import type { HtmlAnswer, HtmlJob } from './html-thread.ts'
import { htmlToMarkdown } from './html-to-markdown.ts'

/** Pages cross threads, so what comes back is bounded as what goes in. */
const cut = (text: string, maxChars: number): string =>
  text.length > maxChars ? text.slice(0, maxChars) : text

parentPort?.on('message', ({ html, url, maxChars }: HtmlJob) => {
  let answer: HtmlAnswer
  try {
    const page = htmlToMarkdown(html, url)
    answer = {
      ok: true,
      page: { ...page, title: cut(page.title, 300), markdown: cut(page.markdown, maxChars) },
    }
  } catch (error) {
    answer = { ok: false, isTooDeep: error instanceof RangeError }
  }
  parentPort?.postMessage(answer)
})
