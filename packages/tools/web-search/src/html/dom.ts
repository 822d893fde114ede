/** The part of a DOM that is used, so that the types of a browser are not in everybody's program. */
interface PageNode {
  readonly textContent: string | null
  remove(): void
}

export interface PageElement extends PageNode {
  getAttribute(name: string): string | null
  setAttribute(name: string, value: string): void
  removeAttribute(name: string): void
  querySelector(selectors: string): PageElement | null
  querySelectorAll(selectors: string): Iterable<PageElement>
  replaceWith(node: PageNode): void
  cloneNode(deep: boolean): PageElement
}

export interface PageDocument {
  readonly body: PageElement | null
  querySelector(selectors: string): PageElement | null
  querySelectorAll(selectors: string): Iterable<PageElement>
  createTextNode(text: string): PageNode
}
