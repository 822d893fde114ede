import type { PageDocument, PageElement } from './dom.ts'

/** Elements whose content nobody reads as text. */
const UNREAD = [
  'title',
  'script',
  'style',
  'noscript',
  'template',
  'iframe',
  'frame',
  'object',
  'embed',
  'applet',
  'svg',
  'math',
  'canvas',
  'audio',
  'video',
  'input',
  'textarea',
  'select',
  'link',
  'meta',
  'base',
  'dialog:not([open])',
  '[hidden]',
  '[aria-hidden="true"]',
].join(',')

/** Inline styles that keep a text from people's eyes. A model should read what a person would. */
const HIDING =
  /display\s*:\s*none|visibility\s*:\s*(hidden|collapse)|opacity\s*:\s*0*\.?0*\s*(;|!|$)|font-size\s*:\s*0*\.?0*[a-z%]*\s*(;|!|$)|(left|top|right|text-indent)\s*:\s*-\d{3,}|clip\s*:\s*rect\(\s*0|clip-path\s*:\s*(inset\(\s*(50|100)%|circle\(\s*0)|(max-)?(height|width)\s*:\s*0*\.?0*[a-z%]*\s*(;|!|$)|content-visibility\s*:\s*hidden/i

/** What hides stands at the beginning of a style, or the style is no style. */
const MAX_STYLE_CHARS = 4_000

/** A longer address is a way to carry data, not a place to go. */
const MAX_LINK_CHARS = 2_000

/**
 * Takes out of a page what is not for readers: scripts, styles, hidden elements, and links that lead nowhere but to code or data.
 *
 * Comments are in no markdown anyway. Other links become absolute, against `url`. Only what the elements themselves say is known: style sheets are not applied.
 */
export const cleanDocument = (document: PageDocument, url: string): void => {
  const base = baseOf(document, url)
  for (const element of [...document.querySelectorAll(UNREAD)]) element.remove()
  for (const element of [...document.querySelectorAll('[style]')])
    if (HIDING.test((element.getAttribute('style') ?? '').slice(0, MAX_STYLE_CHARS))) element.remove()
  for (const link of [...document.querySelectorAll('a[href], area[href]')]) {
    const target = webUrl(link.getAttribute('href') ?? '', base)
    if (target === undefined) link.removeAttribute('href')
    else link.setAttribute('href', target)
    link.removeAttribute('title')
  }
  for (const image of [...document.querySelectorAll('img, picture, image')])
    image.replaceWith(document.createTextNode(altOf(image)))
}

const baseOf = (document: PageDocument, url: string): string => {
  const href = document.querySelector('base[href]')?.getAttribute('href')
  return href && URL.canParse(href, url) ? new URL(href, url).href : url
}

const webUrl = (href: string, base: string): string | undefined => {
  if (href.length > MAX_LINK_CHARS || !URL.canParse(href, base)) return undefined
  const url = new URL(href, base)
  if (!/^https?:$/.test(url.protocol) || url.username !== '' || url.password !== '') return undefined
  // In markdown a link ends at its bracket.
  return url.href.replaceAll('(', '%28').replaceAll(')', '%29')
}

/** An image is told by its words: its address would be fetched by whoever shows the answer. */
const altOf = (image: PageElement): string => {
  const alt = (image.getAttribute('alt') ?? image.querySelector('img')?.getAttribute('alt') ?? '').trim()
  return alt === '' ? '' : `(image: ${alt.slice(0, 300)})`
}
