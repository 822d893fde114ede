import type { Upstream } from '../upstream/upstream.ts'
import { refusals } from './refusals.ts'
import type { Responder } from './responder.ts'

/**
 * What answers for a model.
 *
 * @throws ServeError 400 `model_not_found` when nothing does.
 */
export const upstreamFor = (
  { upstreams, fallback, options }: Pick<Responder, 'upstreams' | 'fallback' | 'options'>,
  model: string | undefined,
): Upstream => {
  if (model === undefined) return fallback
  const found = upstreams.get(model)
  if (found === undefined && options.anyModel) return fallback
  if (found === undefined) throw refusals.modelNotFound(model, [...upstreams.keys()])
  return found
}
