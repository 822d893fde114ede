import { Parser } from 'htmlparser2'
import { parseHTML } from 'linkedom'
import TurndownService from 'turndown'
import type { ParsedFile } from './parsed-file.ts'
import { ReadFailure } from './read-failure.ts'
import { tooMuchText } from './text-sink.ts'

/** Deepest nesting: what walks the tree calls itself. */
const MAX_DEPTH = 512
/** Elements of a page. */
const MAX_ELEMENTS = 1_000_000
const MAX_TITLE = 500
/** What is not read: what runs, draws, or is a way through the page. */
const LEFT_OUT =
  'script, style, noscript, template, svg, canvas, iframe, object, embed, nav, dialog, [hidden], [aria-hidden="true"]'

/** A page as Markdown. Nothing of it is run or fetched; what its readers do not see is left out. */
export const readHtml = (html: string, maxCharacters: number): ParsedFile => {
  checkDepth(html)
  const { document } = parseHTML(
    /<html[\s>]/i.test(html.slice(0, 4_096)) ? html : `<!doctype html><html><body>${html}</body></html>`,
  )
  const title = document.querySelector('title')?.textContent?.trim().slice(0, MAX_TITLE)
  for (const element of document.querySelectorAll(LEFT_OUT)) element.remove()
  const body = document.querySelector('main, [role="main"]') ?? document.body ?? document.documentElement
  const service = new TurndownService({
    headingStyle: 'atx',
    codeBlockStyle: 'fenced',
    bulletListMarker: '-',
  })
  service.remove(['form', 'button', 'title', 'head'] as never)
  service.addRule('image', {
    filter: 'img',
    replacement: (_, node) =>
      (node as unknown as { getAttribute(name: string): string | null }).getAttribute('alt') ?? '',
  })
  const text = service.turndown(body as never)
  if (text.length > maxCharacters) throw tooMuchText(maxCharacters)
  return { kind: 'html', text, ...(title ? { title } : {}) }
}

/** Counted by the parser of the tree, which calls nothing itself. */
const checkDepth = (html: string): void => {
  let depth = 0
  let elements = 0
  const parser = new Parser({
    onopentagname() {
      depth += 1
      elements += 1
      if (depth > MAX_DEPTH)
        throw new ReadFailure('invalid_file', `The page is nested more than ${MAX_DEPTH} deep.`)
      if (elements > MAX_ELEMENTS)
        throw new ReadFailure('file_too_large', `The page has more than ${MAX_ELEMENTS} elements. Divide it.`)
    },
    onclosetag() {
      depth -= 1
    },
  })
  parser.write(html)
  parser.end()
}
