import type { ResponseEvent, ResponseRequest } from '@antiphon/client'
import type { Model, ModelContext } from '../model.ts'

/** A model from a generator: each yielded wire event is pushed on. The convenient way to write one; the built-in models push. */
export const fromIterable = (
  generate: (
    request: ResponseRequest,
    context: ModelContext,
  ) => AsyncIterable<ResponseEvent> | Iterable<ResponseEvent>,
  facts: { readonly modelName?: string } = {},
): Model => {
  const model: Model = async (request, sink, context) => {
    let stopped: Error | undefined
    context.onAbort((reason) => {
      stopped = reason
    })
    for await (const event of generate(request, context)) {
      if (stopped !== undefined) throw stopped
      sink(event)
    }
    if (stopped !== undefined) throw stopped
  }
  return Object.assign(model, facts)
}
