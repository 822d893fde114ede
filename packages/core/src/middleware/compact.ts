import { AntiphonError, type InputItem, isTerminalEvent, type ResponseRequest } from '@antiphon/client'
import { errorText } from '../errors/error-text.ts'
import { ConfigError } from '../errors.ts'
import type { Model, ModelContext } from '../model.ts'
import { Compaction } from './compaction.ts'
import { likeModel } from './like-model.ts'
import type { Middleware } from './middleware.ts'
import { SUMMARY_INSTRUCTIONS, summarize } from './summarize.ts'

/** When a history is made shorter, and how. */
export interface CompactOptions {
  /** Input tokens of a response, as the server counts them, from which on the older part of the history is compacted. Estimated when the server does not say. */
  readonly whenTokens: number
  /** Newest turns that stay as they are: what came in, what the model made of it, and the outputs of its calls. @defaultValue 2 */
  readonly keepTurns?: number
  /** `endpoint`: by `POST /responses/compact` alone. `summary`: by a model call alone, which every model can read. `auto`: by the endpoint where it offers that. @defaultValue 'auto' */
  readonly by?: 'auto' | 'endpoint' | 'summary'
  /** Writes the summary. @defaultValue the model itself */
  readonly model?: Model
  /** What the summary is asked for. */
  readonly instructions?: string
}

/** Less than this share of the threshold is not worth a compaction. */
const WORTH = 0.1
/** Compactions that fail in a row before a run gives up on them. */
const MAX_FAILURES = 3

/**
 * Makes a long history short once a response has used `whenTokens`: the older part becomes what the endpoint's own compaction returns, or a summary, and
 * from then on that is sent with the newer items. The run's own history stays whole and verbatim, and each run has its own compaction.
 *
 * An endpoint that answers 404, 405 or 501 is not asked again. A compaction that fails costs a `warning`, and the turn goes out whole; after three in a row
 * the run goes on without. What a compaction costs is booked in the run's usage. Does nothing when the server keeps the history
 * (`previous_response_id`, `conversation`). What an endpoint compacted only that endpoint can read: with `fallback()`, use `by: 'summary'`.
 *
 * @throws ConfigError `invalid_config` for a bound below 1.
 */
export const compact = (options: CompactOptions): Middleware => {
  const { whenTokens, keepTurns = 2 } = options
  for (const [name, value] of Object.entries({ whenTokens, keepTurns }))
    if (!(value >= 1))
      throw new ConfigError(
        'invalid_config',
        `Expected \`${name}\` of compact() to be at least 1, got \`${value}\`.`,
      )
  return { name: 'compact', model: (next) => compacting(next, options) }
}

const compacting = (model: Model, options: CompactOptions): Model => {
  const { whenTokens, keepTurns = 2 } = options
  const shorten = shortener(model, options)
  const runs = new WeakMap<ModelContext, Compaction>()

  const compactingModel: Model = async (request, sink, context) => {
    const { input } = request
    if (!Array.isArray(input) || request.previous_response_id || request.conversation)
      return model(request, sink, context)
    let run = runs.get(context)
    if (run === undefined) {
      run = new Compaction(keepTurns)
      runs.set(context, run)
    }
    run.follow(input as readonly InputItem[])
    const older =
      run.usedTokens >= whenTokens && run.failures < MAX_FAILURES ? run.older(whenTokens * WORTH) : undefined
    if (older !== undefined) {
      try {
        const shorter = await shorten(older, request, context)
        run.replaceOlder(shorter)
        context.warn?.(
          'middleware',
          `compact: ${older.length} older items are sent as ${shorter.length} from now on.`,
        )
      } catch (error) {
        if (context.signal.aborted) throw error
        run.failures++
        context.warn?.('middleware', `compact: the history could not be compacted. ${errorText(error)}`)
      }
    }
    const sent = run.sent()
    await model(
      sent === input ? request : { ...request, input: sent },
      (event) => {
        if (isTerminalEvent(event)) run.used(event.response?.usage?.input_tokens)
        sink(event)
      },
      context,
    )
  }
  return likeModel(model, compactingModel)
}

type Shorten = (
  items: readonly InputItem[],
  request: ResponseRequest,
  context: ModelContext,
) => Promise<readonly InputItem[]>

const shortener = (model: Model, options: CompactOptions): Shorten => {
  const { by = 'auto', model: writer, instructions = SUMMARY_INSTRUCTIONS } = options
  const { compact: endpoint, capabilities, modelName } = model
  if (by === 'endpoint' && endpoint === undefined)
    throw new ConfigError(
      'invalid_config',
      `compact(): the model "${modelName ?? 'given'}" has no compaction of its own. Leave \`by\` out, or use \`by: 'summary'\`.`,
    )
  let offered = by === 'endpoint' || (by === 'auto' && capabilities?.compact !== false)
  return async (items, request, context) => {
    if (offered && endpoint !== undefined) {
      try {
        const output = await endpoint({ ...request, input: items }, context)
        if (output.length > 0) return output as readonly InputItem[]
        throw new AntiphonError('compaction_failed', 'The endpoint compacted the history to nothing.')
      } catch (error) {
        if (by === 'endpoint' || !isNotOffered(error)) throw error
        offered = false
      }
    }
    const own = writer === undefined ? request : { ...request, model: undefined }
    return [await summarize(writer ?? model, items, own, instructions, context)]
  }
}

const NOT_OFFERED: ReadonlySet<unknown> = new Set(['not_found', 'method_not_allowed', 'not_implemented'])

const isNotOffered = (error: unknown): boolean => NOT_OFFERED.has((error as { code?: unknown } | null)?.code)
