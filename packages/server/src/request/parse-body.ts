import type {
  CompactRequest,
  CreateConversationItemsRequest,
  CreateConversationRequest,
  InputTokensRequest,
  ResponseRequest,
  UpdateConversationRequest,
} from '@antiphon/client'
import { checkInput, checkItems } from './check-items.ts'
import { checkMetadata } from './check-metadata.ts'
import { checkShape } from './check-shape.ts'
import { checkChoiceForm, checkToolList } from './check-tools.ts'
import {
  brokenRule,
  invalidType,
  missingParameter,
  refuse,
  typeOf,
  unknownParameter,
} from './parameter-refusals.ts'
import { compactSchema, createSchema, inputTokensSchema } from './parameter-schemas.ts'

/** A body that is an object, as every request has one. */
type RequestBody = Readonly<Record<string, unknown>>

/**
 * Checks that a body is an object.
 *
 * @throws ServeError 400.
 */
const bodyObject = (body: unknown): RequestBody => {
  if (typeof body === 'object' && body !== null && !Array.isArray(body)) return body as RequestBody
  throw refuse('invalid_type', null, `Invalid body: expected a JSON object, but got ${typeOf(body)} instead.`)
}

/**
 * Checks that a body has no parameter but those that are named.
 *
 * @throws ServeError 400 `unknown_parameter`.
 */
const onlyKnown = (body: RequestBody, known: readonly string[]): void => {
  const unknown = Object.keys(body).find((name) => !known.includes(name))
  if (unknown !== undefined) throw unknownParameter(unknown)
}

/**
 * The body of `POST /responses`, checked parameter by parameter; it is the very object that was given, with items and tools as they came.
 *
 * Unknown parameters and rules between parameters are not checked here: `checkSupported` does that.
 *
 * @throws ServeError 400 about the first problem.
 */
export const parseCreate = (value: unknown): ResponseRequest => {
  const body = bodyObject(value)
  checkShape(createSchema, body)
  checkInput(body.input)
  checkToolList(body.tools)
  checkChoiceForm(body.tool_choice)
  checkMetadata(body.metadata)
  return body as ResponseRequest
}

/**
 * The body of `POST /responses/compact`, the very object.
 *
 * @throws ServeError 400 about the first problem.
 */
export const parseCompact = (value: unknown): CompactRequest => {
  const body = bodyObject(value)
  onlyKnown(body, [...Object.keys(compactSchema.shape), 'input'])
  checkShape(compactSchema, body)
  checkInput(body.input)
  if (body.input == null && body.previous_response_id == null) throw missingParameter('input')
  return body as unknown as CompactRequest
}

/**
 * The body of `POST /responses/input_tokens`, the very object.
 *
 * @throws ServeError 400 about the first problem.
 */
export const parseInputTokens = (value: unknown): InputTokensRequest => {
  const body = bodyObject(value)
  onlyKnown(body, [...Object.keys(inputTokensSchema.shape), 'input', 'tools', 'tool_choice'])
  checkShape(inputTokensSchema, body)
  checkInput(body.input)
  checkToolList(body.tools)
  checkChoiceForm(body.tool_choice)
  if (body.previous_response_id != null && body.conversation != null) {
    throw brokenRule(
      'previous_response_id',
      "Mutually exclusive parameters: give either 'previous_response_id' or 'conversation', not both.",
      'mutually_exclusive_parameters',
    )
  }
  return body as InputTokensRequest
}
/** Items that may be added at once. */
const ITEMS_AT_ONCE = 20

const checkAdded = (items: unknown): void => {
  if (!Array.isArray(items)) throw invalidType('items', items, 'an array of items')
  if (items.length > ITEMS_AT_ONCE) {
    throw refuse(
      'array_above_max_length',
      'items',
      `Invalid 'items': array too long. Expected an array with maximum length ${ITEMS_AT_ONCE}, but got an array with length ${items.length} instead.`,
    )
  }
  checkItems(items, 'items')
}

/**
 * The body of `POST /conversations`: `metadata`, and at most 20 `items`. No body is an empty one.
 *
 * @throws ServeError 400 about the first problem.
 */
export const parseConversation = (value: unknown): CreateConversationRequest => {
  const body = bodyObject(value ?? {})
  onlyKnown(body, ['metadata', 'items'])
  checkMetadata(body.metadata)
  if (body.items != null) checkAdded(body.items)
  return body as CreateConversationRequest
}

/**
 * The body of `POST /conversations/{id}`: `metadata`.
 *
 * @throws ServeError 400 about the first problem.
 */
export const parseConversationUpdate = (value: unknown): UpdateConversationRequest => {
  const body = bodyObject(value)
  onlyKnown(body, ['metadata'])
  if (body.metadata === undefined) throw missingParameter('metadata')
  checkMetadata(body.metadata)
  return body as unknown as UpdateConversationRequest
}

/**
 * The body of `POST /conversations/{id}/items`: at most 20 `items`.
 *
 * @throws ServeError 400 about the first problem.
 */
export const parseConversationItems = (value: unknown): CreateConversationItemsRequest => {
  const body = bodyObject(value)
  onlyKnown(body, ['items'])
  if (body.items === undefined) throw missingParameter('items')
  checkAdded(body.items)
  return body as unknown as CreateConversationItemsRequest
}
