import { AntiphonError, isAntiphonError, type ResponseRequest } from '@antiphon/client'
import { errorText } from '../errors/error-text.ts'
import { forgottenResponse } from '../errors/forgotten-response.ts'
import { ConfigError } from '../errors.ts'
import type { Model, ModelContext } from '../model.ts'
import { attempt, type FailedAttempt } from './attempt.ts'
import { likeModel } from './like-model.ts'
import type { Middleware } from './middleware.ts'
import { createProvenance, type Provenance } from './provenance.ts'

/** When another model takes over. */
export interface FallbackOptions {
  /**
   * Is this an error that another model may not have?
   * @defaultValue yes, but for aborts, refusals of `guard()`, broken hooks and set-ups, and requests that were refused as such (400, 422) for a reason that has
   * nothing to do with the model (its context, its name, an unsupported parameter, its content filter)
   */
  when?(error: unknown): boolean
}

/** What a run remembers: which model works, and which items come from which. */
interface Choice {
  current: number
  readonly provenance: Provenance
}

/**
 * Asks the next model when one fails before anything of its answer was handed on. What works is remembered for the run, and the round goes on from there.
 *
 * Reasoning items and item ids of one model are not shown to another, which could not read them. A history that was given is taken to be the first model's.
 * A stored response (`previous_response_id`) is known to its own server only: at a switch the run sends its whole history. Within a `conversation` there is no
 * switch. Each switch shows as a `warning` of the run. When all have failed, the error is that of the last.
 *
 * `fallback([a, b])` is a model; `fallback(b, c)` goes into `use` of an agent and stands behind the agent's own model.
 *
 * @throws ConfigError `invalid_config` for no model.
 */
export function fallback(models: readonly Model[], options?: FallbackOptions): Model
export function fallback(...others: readonly Model[]): Middleware
export function fallback(...given: readonly unknown[]): Model | Middleware {
  const [first, options] = given
  if (Array.isArray(first)) return falling(checked(first), options as FallbackOptions | undefined)
  const others = checked(given)
  return { name: 'fallback', model: (next) => falling([next, ...others]) }
}

const falling = (models: readonly Model[], { when = mayPassElsewhere }: FallbackOptions = {}): Model => {
  const choices = new WeakMap<ModelContext, Choice>()
  const choiceOf = (context: ModelContext): Choice => {
    const known = choices.get(context)
    if (known !== undefined) return known
    const choice = { current: 0, provenance: createProvenance() }
    choices.set(context, choice)
    return choice
  }

  const fallingModel: Model = async (request, sink, context) => {
    const choice = choiceOf(context)
    const { provenance } = choice
    for (let tried = 1; ; tried++) {
      const index = choice.current
      const model = models[index] as Model
      context.answeredBy?.(model.modelName)
      const readable = provenance.readableBy(index, request)
      const failed = await attempt(model, readable, provenance.record(index, sink), context)
      if (failed === undefined) return
      if (tried === models.length || isBound(request) || !when(failed.error)) return failed.giveUp()
      choice.current = (index + 1) % models.length
      tell(context, model, models[choice.current] as Model, failed)
      // Another server may ignore an id it does not know, and answer without the history.
      if (request.previous_response_id)
        throw forgottenResponse(request.previous_response_id, 'It was made by another model.')
    }
  }

  const first = models[0] as Model
  const wrapped = likeModel(first, fallingModel)
  if (first.compact === undefined) return wrapped
  const compact: Model['compact'] = async (request, context) => {
    const model = models[choiceOf(context).current] as Model
    if (model.compact === undefined)
      throw new AntiphonError(
        'not_implemented',
        `The model "${model.modelName ?? 'in use'}" cannot compact a history.`,
      )
    return model.compact(request, context)
  }
  return Object.assign(wrapped, { compact })
}

const tell = (context: ModelContext, from: Model, to: Model, failed: FailedAttempt): void => {
  if (failed.usage !== undefined) context.bookUsage?.(failed.usage, from.modelName)
  const message = errorText(failed.error)
  const name = (model: Model): string => model.modelName ?? 'a model without a name'
  context.warn?.('middleware', `fallback: ${name(from)} failed, ${name(to)} is asked instead. ${message}`)
}

/** The items before are kept by a server, where no other model can read them. */
const isBound = (request: ResponseRequest): boolean => Boolean(request.conversation)

const NOWHERE_ELSE: ReadonlySet<string> = new Set([
  'aborted',
  'guard_blocked',
  'invalid_config',
  'hook_failed',
])
const REFUSED: ReadonlySet<string> = new Set(['bad_request', 'unprocessable'])
const OF_THE_MODEL = /context_length|model|unsupported|encrypted_content|content_(?:filter|policy)/i

const mayPassElsewhere = (error: unknown): boolean => {
  if (!isAntiphonError(error)) return (error as { name?: unknown } | null)?.name !== 'AbortError'
  if (NOWHERE_ELSE.has(error.code)) return false
  return !REFUSED.has(error.code) || OF_THE_MODEL.test((error as { apiCode?: string }).apiCode ?? '')
}

const checked = (models: readonly unknown[]): readonly Model[] => {
  if (models.length > 0 && models.every((model) => typeof model === 'function'))
    return models as readonly Model[]
  throw new ConfigError(
    'invalid_config',
    'Expected fallback() to be given at least one model, as in fallback([a, b]).',
  )
}
