import { Readability } from '@mozilla/readability'
import { parseHTML } from 'linkedom'
import TurndownService from 'turndown'
import { cleanDocument } from './clean-document.ts'
import type { PageDocument, PageElement } from './dom.ts'

/** A page as a model reads it. */
export interface ReadablePage {
  readonly title: string
  readonly markdown: string
  /** As the page says it. */
  readonly publishedAt?: string
}

/** What is shorter is a teaser or a menu; then the whole body is taken. */
const MIN_ARTICLE_CHARS = 250

/**
 * Turns HTML into markdown: the article where there is one, else the whole body.
 *
 * Runs in a worker: what the page is made of decides how long it takes and how much memory. Throws `RangeError` for a page too deep to walk.
 */
export const htmlToMarkdown = (html: string, url: string): ReadablePage => {
  const document = parse(html)
  const title = oneLine(document.querySelector('title')?.textContent ?? '')
  const published = publishedIn(document)
  cleanDocument(document, url)
  const whole = document.body?.cloneNode(true)
  const article = new Readability(document as never, { charThreshold: MIN_ARTICLE_CHARS }).parse()
  const isArticle = (article?.textContent?.trim().length ?? 0) >= MIN_ARTICLE_CHARS
  const publishedAt = oneLine(article?.publishedTime ?? published ?? '')
  return {
    title: title || oneLine(article?.title ?? ''),
    markdown: toMarkdown(isArticle ? parse(article?.content ?? '').body : whole),
    ...(publishedAt === '' ? {} : { publishedAt }),
  }
}

/** linkedom makes a body only of what stands in one. */
const parse = (html: string): PageDocument => {
  const page = /<body[\s>]/i.test(html)
    ? html
    : `<!doctype html><html><head></head><body>${html}</body></html>`
  return (parseHTML(page) as unknown as { document: PageDocument }).document
}

const publishedIn = (document: PageDocument): string | undefined =>
  document
    .querySelector(
      'meta[property="article:published_time"], meta[name="date"], meta[itemprop="datePublished"]',
    )
    ?.getAttribute('content') ??
  document.querySelector('time[datetime]')?.getAttribute('datetime') ??
  undefined

const toMarkdown = (body: PageElement | null | undefined): string =>
  !body
    ? ''
    : turndown
        .turndown(body as never)
        .replace(/[^\S\n]+$/gm, '')
        .replace(/\n{3,}/g, '\n\n')
        .trim()

const turndown = new TurndownService({
  headingStyle: 'atx',
  hr: '---',
  bulletListMarker: '-',
  codeBlockStyle: 'fenced',
  emDelimiter: '*',
})
  .addRule('row', { filter: 'tr', replacement: (content) => `${content.trimEnd()} |\n` })
  .addRule('cell', { filter: ['td', 'th'], replacement: (content) => `| ${oneLine(content)} ` })
  .addRule('link', {
    filter: 'a',
    // A link without a target, or without words, is its words.
    replacement: (content, node) => {
      const href = (node as unknown as PageElement).getAttribute('href')
      return href && content.trim() ? `[${oneLine(content)}](${href})` : content
    },
  })

const oneLine = (text: string): string => text.replace(/\s+/g, ' ').trim()
