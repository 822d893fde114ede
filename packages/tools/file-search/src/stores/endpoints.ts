import type { BuiltInEndpoint, EndpointCall } from 'antiphon'
import * as batches from './file-batches.ts'
import { searchStore } from './search-stores.ts'
import * as files from './store-files.ts'
import type { StoresHost } from './stores-host.ts'
import * as stores from './vector-stores.ts'

type Answer = (host: StoresHost, tenant: string, call: EndpointCall) => Promise<object>

/** `/vector_stores` with everything below, over a host that is opened at the first request. */
export const storeEndpoints = (open: () => Promise<StoresHost>): readonly BuiltInEndpoint[] => {
  const on = (method: BuiltInEndpoint['method'], path: string, answer: Answer): BuiltInEndpoint => ({
    method,
    path: `/vector_stores${path}`,
    handle: async (call) => ({ json: await answer(await open(), call.tenant, call) }),
  })
  const body = (call: EndpointCall): Promise<unknown> => call.json({ isOptional: true })
  const store = ({ params }: EndpointCall): string => params.id ?? ''
  const file = ({ params }: EndpointCall): string => params.fileId ?? ''
  const batch = ({ params }: EndpointCall): string => params.batchId ?? ''
  return [
    on('POST', '', async (host, tenant, call) => stores.createStore(host, tenant, await body(call))),
    on('GET', '', (host, tenant, call) => stores.listStores(host, tenant, call.query)),
    on('GET', '/:id', (host, tenant, call) => stores.getStore(host, tenant, store(call))),
    on('POST', '/:id', async (host, tenant, call) =>
      stores.updateStore(host, tenant, store(call), await body(call)),
    ),
    on('DELETE', '/:id', (host, tenant, call) => stores.deleteStore(host, tenant, store(call))),
    on('POST', '/:id/search', async (host, tenant, call) =>
      searchStore(host, tenant, store(call), await body(call), call.signal),
    ),
    on('POST', '/:id/files', async (host, tenant, call) =>
      files.attachFile(host, tenant, store(call), await body(call)),
    ),
    on('GET', '/:id/files', (host, tenant, call) => files.listFiles(host, tenant, store(call), call.query)),
    on('GET', '/:id/files/:fileId', (host, tenant, call) =>
      files.getFile(host, tenant, store(call), file(call)),
    ),
    on('POST', '/:id/files/:fileId', async (host, tenant, call) =>
      files.updateFile(host, tenant, store(call), file(call), await body(call)),
    ),
    on('DELETE', '/:id/files/:fileId', (host, tenant, call) =>
      files.detachFile(host, tenant, store(call), file(call)),
    ),
    on('GET', '/:id/files/:fileId/content', (host, tenant, call) =>
      files.fileContent(host, tenant, store(call), file(call), call.query),
    ),
    on('POST', '/:id/file_batches', async (host, tenant, call) =>
      batches.createBatch(host, tenant, store(call), await body(call)),
    ),
    on('GET', '/:id/file_batches/:batchId', (host, tenant, call) =>
      batches.getBatch(host, tenant, store(call), batch(call)),
    ),
    on('POST', '/:id/file_batches/:batchId/cancel', (host, tenant, call) =>
      batches.cancelBatch(host, tenant, store(call), batch(call)),
    ),
    on('GET', '/:id/file_batches/:batchId/files', (host, tenant, call) =>
      batches.listBatchFiles(host, tenant, store(call), batch(call), call.query),
    ),
  ]
}
