// Serves the built package on Bun, Deno or Node and prints its address. Arguments: `fetch` for the runtime's own server or `listen`, and a store.
import process from 'node:process'
import { serve } from '@antiphon/server'
import { offline } from 'antiphon'

const [way, store] = process.argv.slice(2)
const at = { item_id: 'msg_patient', output_index: 0, content_index: 0 }

/** Says one word, and waits until nobody is there any more. */
const patient = async (_request, sink, context) => {
  const item = { id: at.item_id, type: 'message', role: 'assistant', status: 'in_progress', content: [] }
  const part = { type: 'output_text', text: '', annotations: [] }
  sink({ type: 'response.output_item.added', output_index: 0, item })
  sink({ type: 'response.content_part.added', ...at, part })
  sink({ type: 'response.output_text.delta', ...at, delta: 'Wait' })
  await new Promise((resolve) => context.onAbort(resolve))
}
patient.modelName = 'patient'

const server = serve({ offline: offline(), patient }, { store, onError: () => undefined })
const host = { port: 0, hostname: '127.0.0.1' }
const tell = (port) => console.log(`http://127.0.0.1:${port}`)
if (way === 'listen') tell((await server.listen(0)).port)
else if (globalThis.Bun !== undefined)
  tell(globalThis.Bun.serve({ ...host, idleTimeout: 0, fetch: server.fetch }).port)
else globalThis.Deno.serve({ ...host, onListen: ({ port }) => tell(port) }, server.fetch)
