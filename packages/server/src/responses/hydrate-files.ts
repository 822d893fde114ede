import type { ResponseRequest } from '@antiphon/client'
import { resolveFileInputs } from '../files/resolve-file-inputs.ts'
import { type Hydrated, hydrate, type LocalResponses } from './hydrate.ts'
import type { Responder } from './responder.ts'

/**
 * What a request goes on from, for an upstream: files that it refers to are in the items that are sent, and only named in those that are stored.
 *
 * @throws ServeError what {@link hydrate} throws, and 400 for a file that is not there.
 */
export const hydrateWithFiles = async (
  responder: Responder,
  tenant: string,
  request: Pick<ResponseRequest, 'input' | 'previous_response_id' | 'conversation'>,
  local?: LocalResponses,
): Promise<Hydrated> => {
  const hydrated = await hydrate(responder, tenant, request, local)
  const { files, fileBounds } = responder
  const { maxInputBytes } = fileBounds
  const earlier = hydrated.earlier.length
  const items = await resolveFileInputs(hydrated.items, tenant, files, { maxInputBytes, earlier })
  return { ...hydrated, items }
}
