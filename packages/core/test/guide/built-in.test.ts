// The code of the guide on built-in tools.
import { agent, type BuiltInTool, tool, toolOutput } from 'antiphon'
import { call, calls, scripted, text } from 'antiphon/testing'
import { expect, it } from 'vitest'
import { z } from 'zod'

// #region own
interface Note {
  id: string
  name: string
  text: string
}

/** `file_search` over a list of notes. */
export const noteSearch = (notes: readonly Note[]): BuiltInTool => ({
  kind: 'built-in',
  name: 'file_search',
  types: ['file_search'], // declarations that it takes
  declaration: { type: 'file_search', vector_store_ids: ['notes'] }, // what an agent that has it declares
  itemTypes: ['file_search_call'], // items that its calls leave
  includes: ['file_search_call.results'],
  open(_declaration, { include }) {
    const seen = new Map<string, Note>() // what this run has found: only that can be cited
    const fileSearch = tool({
      name: 'file_search',
      description: 'Searches the notes. Cite a note by its name in brackets, such as [choir.md].',
      inputSchema: z.object({ query: z.string() }),
      effect: 'read',
      execute({ query }) {
        const found = notes.filter((note) => note.text.includes(query))
        for (const note of found) seen.set(note.name, note)
        return toolOutput({ content: found, details: { query, found } }) // for the model; for the item
      },
      view: {
        idPrefix: 'fs',
        begin: ({ id }) => ({
          item: { type: 'file_search_call', id, status: 'in_progress', queries: [] },
          events: [{ type: 'response.file_search_call.searching', item_id: id }],
        }),
        end({ id, outcome, details }) {
          const { query, found = [] } = (details ?? {}) as { query?: string; found?: Note[] }
          const results = found.map(({ id, name, text }) => ({ file_id: id, filename: name, text, score: 1 }))
          return {
            events: [{ type: 'response.file_search_call.completed', item_id: id }],
            item: {
              type: 'file_search_call',
              id,
              status: outcome === 'ok' ? 'completed' : 'failed',
              queries: query === undefined ? [] : [query],
              results: include.has('file_search_call.results') ? results : null,
            },
          }
        },
      },
    })
    return {
      tools: [fileSearch],
      annotate: (text) =>
        [...seen.values()].flatMap(({ id, name }) => {
          const index = text.indexOf(`[${name}]`)
          return index === -1 ? [] : [{ type: 'file_citation', file_id: id, filename: name, index }]
        }),
    }
  },
})
// #endregion own

it('a built-in tool of your own', async () => {
  const notes = [{ id: 'file-1', name: 'choir.md', text: 'An antiphon is sung by two choirs.' }]
  const model = scripted([
    calls(call('file_search', { query: 'antiphon' })),
    text('Two choirs sing it [choir.md].'),
  ])
  // #region use
  const librarian = agent({ model, tools: [noteSearch(notes)] })
  const { toolItems, annotations } = await librarian.run('Who sings an antiphon?').result()
  // #endregion use
  expect(toolItems).toMatchObject([{ type: 'file_search_call', status: 'completed', queries: ['antiphon'] }])
  expect(annotations).toEqual([{ type: 'file_citation', file_id: 'file-1', filename: 'choir.md', index: 19 }])
})
