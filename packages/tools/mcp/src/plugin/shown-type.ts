/** Fields of an item beside its type, its id and its status. */
export type ItemFields = Readonly<Record<string, unknown>>

/** How calls of a built-in type appear on the wire. */
export interface ShownType {
  readonly itemType: string
  readonly idPrefix: string
  /** Names of the events between `in_progress` and `completed`. */
  readonly progress: readonly string[]
  /** What the item holds before there is a result. */
  readonly emptyFields: ItemFields
  /** What it holds then, where nobody says more. */
  fieldsOf(input: Readonly<Record<string, unknown>>, result: { readonly text: string }): ItemFields
}

/** The item and the events of a type, dated and preview names included. A type of your own, `lookup`, has a `lookup_call`. */
export const shownType = (type: string): ShownType => {
  const base = type.replace(/_preview(?:_\d{4}_\d{2}_\d{2})?$|_\d{4}_\d{2}_\d{2}$/, '')
  const itemType = `${base}_call`
  const known = KNOWN[base]
  return known === undefined
    ? { itemType, idPrefix: 'tc', progress: [], emptyFields: {}, fieldsOf: () => ({}) }
    : { itemType, ...known }
}

const wordsOf = (input: Readonly<Record<string, unknown>>, ...names: string[]): string => {
  const value = names.map((name) => input[name]).find((one) => typeof one === 'string')
  return typeof value === 'string' ? value : ''
}

const KNOWN: Readonly<Record<string, Omit<ShownType, 'itemType'>>> = {
  web_search: {
    idPrefix: 'ws',
    progress: ['searching'],
    emptyFields: { action: { type: 'search', query: '' } },
    fieldsOf: (input) => ({ action: { type: 'search', query: wordsOf(input, 'query', 'q', 'search') } }),
  },
  file_search: {
    idPrefix: 'fs',
    progress: ['searching'],
    emptyFields: { queries: [], results: null },
    fieldsOf: (input) => ({ queries: [wordsOf(input, 'query', 'q', 'search')], results: null }),
  },
  code_interpreter: {
    idPrefix: 'ci',
    progress: ['interpreting'],
    emptyFields: { code: '', container_id: 'mcp', outputs: null },
    fieldsOf: (input, { text }) => ({
      code: wordsOf(input, 'code', 'source', 'script'),
      container_id: 'mcp',
      outputs: text === '' ? null : [{ type: 'logs', logs: text }],
    }),
  },
}
