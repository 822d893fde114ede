import type { InputItem } from '@antiphon/client'
import { historyOf } from 'antiphon'
import type { Source } from './citations.ts'
import { shownTitle, shownUrl } from './seen-sources.ts'
import { FRAME } from './untrusted-text.ts'
import { FUNCTIONS } from './web-search-view.ts'

/** Items of a history, with the fields that are looked at. */
interface Seen {
  readonly type?: string
  readonly call_id?: string
  readonly name?: string
  readonly output?: unknown
  readonly action?: { readonly url?: unknown; readonly sources?: unknown }
}

/**
 * The pages that earlier answers of a conversation have seen, so that a later one can cite them.
 *
 * Only what this tool wrote itself is read: a page in it cannot name another one as seen.
 */
export const sourcesInHistory = (items: readonly InputItem[]): readonly Source[] => {
  const names = new Map<string, string>()
  return items
    .flatMap((item) => historyOf(item as object) ?? [item])
    .flatMap((item) => {
      const { type, call_id: callId = '', name = '', output, action } = item as Seen
      if (type === 'function_call') names.set(callId, name)
      if (type === 'web_search_call') return foreign(action)
      return type === 'function_call_output' && typeof output === 'string'
        ? written(names.get(callId), output)
        : []
    })
}

const written = (name: string | undefined, output: string): readonly Source[] => {
  const begin = output.indexOf(FRAME.open)
  if (begin < 0) return []
  const framed = output.slice(begin + FRAME.open.length)
  if (name === FUNCTIONS.search)
    return [...framed.matchAll(/^\[\d+\] (.*)\nURL: (\S+)$/gm)].map(([, title = '', url = '']) => ({
      title,
      url,
    }))
  if (name !== FUNCTIONS.openPage && name !== FUNCTIONS.findInPage) return []
  // Only the lines at the very beginning are ours.
  const [, title = '', url = ''] = /^\nTitle: (.*)\nURL: (\S+)\n/.exec(framed) ?? []
  return url === '' ? [] : [{ title, url }]
}

/** An item that a provider made: all that it tells of pages is their addresses. */
const foreign = (action: Seen['action']): readonly Source[] => {
  const listed = Array.isArray(action?.sources) ? (action.sources as { url?: unknown }[]) : []
  return [action?.url, ...listed.map((each) => each?.url)].flatMap((address) => {
    const url = typeof address === 'string' ? shownUrl(address) : undefined
    return url === undefined ? [] : [{ url, title: shownTitle('', url) }]
  })
}
