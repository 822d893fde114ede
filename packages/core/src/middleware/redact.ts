import type { InputItem, ResponseRequest } from '@antiphon/client'
import { MappedList } from '../history/mapped-list.ts'
import type { Model, ModelContext } from '../model.ts'
import { toPlainJson } from '../tools/plain-json.ts'
import { isToolOutput, toolOutput } from '../tools/tool.ts'
import { likeModel } from './like-model.ts'
import { mapStrings } from './map-strings.ts'
import type { Middleware, ToolHandler } from './middleware.ts'
import { type RedactName, type RedactText, redactorOf } from './redact-patterns.ts'

/** What is replaced, and where. */
export interface RedactOptions {
  /**
   * Regular expressions, names of known kinds, or a function of a text. Names are replaced by `[redacted email]` and the like, expressions by `[redacted]`;
   * `bearer` keeps the word. @defaultValue `['email', 'creditCard', 'apiKey', 'bearer']`
   */
  readonly patterns?: readonly (RegExp | RedactName)[] | RedactText
  /**
   * `request`: in what is sent to the model, while history, events and results stay verbatim. `output`: in what tools return, before anybody sees it; so it is
   * in the history as well. `both`: both. @defaultValue 'request'
   */
  readonly in?: 'request' | 'output' | 'both'
}

/** Fields of items that hold no text of anybody's. */
const NO_TEXT: ReadonlySet<string> = new Set([
  ...[
    'type',
    'id',
    'call_id',
    'role',
    'status',
    'phase',
    'name',
    'namespace',
    'caller',
    'detail',
    'server_label',
  ],
  ...[
    'approval_request_id',
    'container_id',
    'encrypted_content',
    'file_id',
    'file_data',
    'image_url',
    'logprobs',
  ],
])
/** Of values that a tool returned, only bytes are no text. */
const BYTES: ReadonlySet<string> = new Set(['file_data', 'image_url'])
/** Items that only the server can read, which must come back as they were. */
const SEALED: ReadonlySet<string> = new Set(['reasoning', 'compaction', 'item_reference'])

/**
 * Keeps secrets from the model: replaces them in instructions, prompt variables, messages, arguments and outputs on their way out, and leaves everything else as it
 * is. Each item is looked through once. Images and files are not looked into. Streamed text is the model's own, and is passed on unchanged.
 *
 * @throws ConfigError `invalid_config` for a name that is not known.
 */
export const redact = (options: RedactOptions = {}): Middleware => {
  const { in: where = 'request' } = options
  const edit = redactorOf(options.patterns)
  return {
    name: 'redact',
    ...(where === 'output' ? {} : { model: (next: Model) => redacting(next, edit) }),
    ...(where === 'request' ? {} : { tool: (next: ToolHandler) => redactingTool(next, edit) }),
  }
}

const redacting = (model: Model, edit: RedactText): Model => {
  const lists = new WeakMap<ModelContext, MappedList>()
  const known = new WeakMap<object, InputItem>()
  const fresh = (item: InputItem): InputItem =>
    SEALED.has(item.type ?? '') ? item : mapStrings(item, edit, NO_TEXT)
  // In a run items are never changed in place; elsewhere they may be.
  const remembered = (item: InputItem): InputItem => {
    let redacted = known.get(item)
    if (redacted === undefined) {
      redacted = fresh(item)
      known.set(item, redacted)
    }
    return redacted
  }
  const listFor = (context: ModelContext): MappedList => {
    let list = lists.get(context)
    if (list === undefined) {
      list = new MappedList(context.input === undefined ? fresh : remembered)
      lists.set(context, list)
    }
    return list
  }

  const clean = (request: ResponseRequest, context: ModelContext): ResponseRequest => {
    const { input, instructions, prompt } = request
    const cleaned = {
      input: typeof input === 'string' ? edit(input) : input && listFor(context).of(input),
      instructions: typeof instructions === 'string' ? edit(instructions) : instructions,
      prompt: prompt && mapStrings(prompt, edit, PROMPT_NAMES),
    }
    const isSame =
      cleaned.input === input && cleaned.instructions === instructions && cleaned.prompt === prompt
    return isSame ? request : ({ ...request, ...withoutMissing(cleaned) } as ResponseRequest)
  }

  const redactingModel: Model = (request, sink, context) => model(clean(request, context), sink, context)
  const wrapped = likeModel(model, redactingModel)
  const { compact } = model
  if (compact === undefined) return wrapped
  return Object.assign(wrapped, {
    compact: (request: ResponseRequest, context: ModelContext) => compact(clean(request, context), context),
  })
}

const PROMPT_NAMES: ReadonlySet<string> = new Set([...NO_TEXT, 'version'])

const withoutMissing = (fields: object): object =>
  Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined))

const redactingTool =
  (next: ToolHandler, edit: RedactText): ToolHandler =>
  async (call, context) => {
    try {
      const returned = await next(call, context)
      if (!isToolOutput(returned)) return redactValue(returned, edit) ?? toolOutput({ content: returned })
      const { content, details } = returned
      return toolOutput({
        content: redactValue(content, edit) ?? content,
        details: redactValue(details, edit),
      })
    } catch (error) {
      throw redactError(error, edit)
    }
  }

/** An error of the same class with another message; the error itself when there is nothing to replace. It is not changed: others may hold it, or it may be frozen. */
const redactError = (error: unknown, edit: RedactText): unknown => {
  if (typeof error === 'string') return edit(error)
  if (!(error instanceof Error)) return error
  const message = edit(error.message)
  if (message === error.message) return error
  const own = Object.getOwnPropertyDescriptors(error)
  return Object.create(Object.getPrototypeOf(error), { ...own, message: { value: message } })
}

/**
 * A value as JSON says it, without secrets; the value itself when there are none. Undefined for what JSON cannot say, such as a cycle: the loop tells the model so,
 * and nobody else sees it.
 */
const redactValue = (value: unknown, edit: RedactText): unknown => {
  if (typeof value === 'string') return edit(value)
  if (typeof value !== 'object' || value === null) return value
  const plain = toPlainJson(value)
  if (!plain.ok) return undefined
  const redacted = mapStrings(plain.value, edit, BYTES)
  return redacted === plain.value ? value : redacted
}
