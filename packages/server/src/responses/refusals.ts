import { ServeError } from '../request/serve-error.ts'

const invalid = (
  message: string,
  {
    param = null,
    code = null,
    status = 400,
  }: { param?: string | null; code?: string | null; status?: number } = {},
): ServeError => new ServeError(status, { message, type: 'invalid_request_error', param, code })

/** What requests about stored things are refused with. What belongs to somebody else is refused as what is not there. */
export const refusals = {
  notFound: (kind: string, id: string): ServeError =>
    invalid(`${kind} with id '${id}' not found.`, { status: 404 }),
  itemNotFound: (id: string): ServeError =>
    invalid(`Item with id '${id}' not found. Items are not persisted when \`store\` is set to false.`, {
      param: 'input',
    }),
  previousNotFound: (id: string): ServeError =>
    invalid(`Previous response with id '${id}' not found.`, {
      param: 'previous_response_id',
      code: 'previous_response_not_found',
    }),
  previousNotEnded: (id: string, status: string): ServeError =>
    invalid(`Previous response with id '${id}' is ${status}: nothing can go on from it.`, {
      param: 'previous_response_id',
      code: 'previous_response_not_ended',
    }),
  modelNotFound: (model: string, known: readonly string[], status = 400): ServeError =>
    invalid(`The model '${model}' does not exist here. There is: ${known.join(', ')}.`, {
      status,
      param: 'model',
      code: 'model_not_found',
    }),
  notBackground: (id: string): ServeError =>
    invalid(`Response '${id}' was not created with \`background: true\`, so it cannot be cancelled.`),
  repeatedKey: (): ServeError =>
    invalid('This Idempotency-Key was used for another request. Use a new one.', {
      status: 409,
      code: 'idempotency_key_in_use',
    }),
  noSuchCursor: (id: string, param: string): ServeError =>
    invalid(`No item with id '${id}' in this list.`, { param }),
  busy: (kind: string, id: string): ServeError =>
    invalid(`${kind} '${id}' is written by others at the moment. Try again.`, { status: 409 }),
  nothingToCompact: (): ServeError =>
    invalid('There is nothing to compact: `input` is empty.', { param: 'input' }),
}
