import type { CustomToolDefinition, FunctionToolDefinition, InputContent } from '@antiphon/client'
import type { ItemView } from '../built-in/item-view.ts'
import { ConfigError } from '../errors.ts'
import type { InferOutput, Schema } from '../schema/schema.ts'
import { toWireSchema, type WireSchema } from '../schema/wire-schema.ts'
import type { ToolContext } from './tool-context.ts'
import { createToolSlots, type ToolRate, type ToolSlots } from './tool-slots.ts'

/** What a call does to the world: nothing, only reads it, or changes it. Decides when a call may start. */
export type Effect = 'none' | 'read' | 'write'

/** Says whether a call needs approval. Written as a method type, so that a list may hold tools of different inputs. */
type ApprovalRule<Input> = {
  rule(input: Input, context: ToolContext): boolean | Promise<boolean>
}['rule']

/** How a tool is scheduled and bounded. */
export interface ToolPolicy<Input = unknown> {
  /**
   * `none` and `read` start as soon as the call is sealed in the stream and may be thrown away if the response fails;
   * `write` waits until the response is complete. @defaultValue 'write'
   */
  readonly effect?: Effect
  /**
   * Running a call twice does no more than running it once, as with an upsert, or a service that is given `ctx.idempotencyKey`. A kept run (`store`) then runs a `write` call again
   * that a crash cut off; otherwise the model is told that its outcome is unknown. @defaultValue false
   */
  readonly idempotent?: boolean
  /** A person decides before the call runs: always, or when the function says so. @defaultValue false */
  readonly needsApproval?: boolean | ApprovalRule<Input>
  /** Milliseconds one attempt may take. Its slot stays taken until it has really ended. `Infinity` for none. @defaultValue 300_000 */
  readonly timeoutMs?: number
  /**
   * Milliseconds a call may wait for its slots. A tool that goes on after its time is up keeps its slot, so a wait has to end by itself. `Infinity` for none.
   * @defaultValue 1_800_000
   */
  readonly queueTimeoutMs?: number
  /** Further attempts after an ordinary error (not after `ToolRetry`, `ToolFailed`, a timeout or invalid input). @defaultValue 0 */
  readonly retries?: number
  /** Calls of this tool at once, over all runs of the process. @defaultValue unlimited */
  readonly concurrency?: number
  /** At most `limit` starts per `intervalMs`, over all runs of the process. */
  readonly rate?: ToolRate
  /** Calls with the same key run one after the other, over all runs of the process; undefined means no key. */
  key?(input: Input): string | undefined
  /** Higher goes first when slots are short. @defaultValue 0 */
  readonly priority?: number
  /** Characters of output the model sees at most; the middle of a longer one is cut, with a note. @defaultValue 400_000 */
  readonly maxOutputChars?: number
  /** Callers see an item of another type in the place of the function call: for tools that the wire knows. @defaultValue a function call */
  readonly view?: ItemView
}

/** A tool as its author writes it. */
export interface ToolOptions<S extends Schema | undefined, Result>
  extends ToolPolicy<S extends Schema ? InferOutput<S> : Record<string, never>> {
  /** 1–128 of `[a-zA-Z0-9_-]`. */
  readonly name: string
  /** What it does and when to use it: the model reads this. */
  readonly description?: string
  /** zod 4, zod 3, or any Standard Schema with JSON Schema; the root must be an object. No schema: no arguments. */
  readonly inputSchema?: S
  /** Send `strict: true`. `'auto'`: when the schema can be said strictly. @defaultValue 'auto' */
  readonly strict?: boolean | 'auto'
  /**
   * Runs the call. Return a string, any JSON value, or `toolOutput(…)`; throw to tell the model that it failed.
   * An async generator reports progress with each `yield` and returns the result.
   * Without `execute` the tool is the caller's: the run stops with the call pending, and `resume` takes its output.
   */
  execute?(input: S extends Schema ? InferOutput<S> : Record<string, never>, context: ToolContext): Result
}

/** A tool made ready, once: its schema, its wire text and its slots. */
export interface Tool<Input = unknown> extends ToolPolicy<Input> {
  readonly kind: 'tool'
  readonly name: string
  readonly description: string
  readonly effect: Effect
  /** As declared on the wire. */
  readonly wire: FunctionToolDefinition | CustomToolDefinition
  /** Undefined for a custom tool, whose input is plain text. */
  readonly schema: WireSchema<Input> | undefined
  execute?(input: Input, context: ToolContext): unknown
  /** Process-wide slots, when the tool limits its own calls. */
  readonly slots: ToolSlots | undefined
  /** True for a tool that runs an agent: it holds no slot of the run's queue, since its own calls need them. */
  readonly slotless?: boolean
  /** The agent to switch to, for hand-offs. */
  readonly handoffTo?: string
  /** It belongs to who asked for this run, not to the agent: its calls are not counted in the agent's limits. */
  readonly ofCaller?: boolean
}

/** What the model sees and what people and programs see, when the two differ. */
export interface ToolOutput {
  readonly [toolOutputBrand]: true
  /** For the model: text, a JSON value, or content parts (`input_text`, `input_image`, `input_file`). */
  readonly content: unknown
  /** For listeners and user interfaces; never sent. */
  readonly details?: unknown
}
const toolOutputBrand: unique symbol = Symbol.for('antiphon.toolOutput') as never

/** Returns `content` to the model and `details` to everybody else. Content parts go out as parts when every element is one. */
export const toolOutput = (output: {
  content: string | readonly InputContent[] | unknown
  details?: unknown
}): ToolOutput => ({
  [toolOutputBrand]: true,
  ...output,
})

/** True for what `toolOutput` made. */
export const isToolOutput = (value: unknown): value is ToolOutput =>
  typeof value === 'object' && value !== null && toolOutputBrand in value

/** Throw it when the arguments were at fault: the model is asked to correct them and call again. No automatic retry. */
export class ToolRetry extends Error {
  override name = 'ToolRetry'
}

/** Throw it when no further try can help: the model is told not to call again. No automatic retry. */
export class ToolFailed extends Error {
  override name = 'ToolFailed'
}

const NAME = /^[a-zA-Z0-9_-]{1,128}$/

const checkPolicy = (name: string, policy: ToolPolicy<never>): void => {
  if (!NAME.test(name))
    throw new ConfigError(
      'invalid_config',
      `Expected a tool name of 1–128 letters, digits, _ or -, got \`${name}\`.`,
    )
  const positive = (option: string, value: number | undefined): void => {
    if (value !== undefined && !(value > 0))
      throw new ConfigError(
        'invalid_config',
        `Tool "${name}": expected \`${option}\` to be above 0, got \`${value}\`.`,
      )
  }
  positive('timeoutMs', policy.timeoutMs)
  positive('queueTimeoutMs', policy.queueTimeoutMs)
  positive('concurrency', policy.concurrency)
  positive('rate.limit', policy.rate?.limit)
  positive('rate.intervalMs', policy.rate?.intervalMs)
  positive('maxOutputChars', policy.maxOutputChars)
  if (policy.retries !== undefined && !(Number.isInteger(policy.retries) && policy.retries >= 0))
    throw new ConfigError(
      'invalid_config',
      `Tool "${name}": expected \`retries\` to be a whole number of at least 0, got \`${policy.retries}\`.`,
    )
}

/**
 * Defines a tool from a schema and a function. Everything the wire needs is made here, once.
 *
 * @throws ConfigError `invalid_config` for a bad name or option; AntiphonError `schema_not_expressible`, naming the path, for a schema that
 * JSON Schema cannot say.
 */
export const tool = <S extends Schema | undefined = undefined, Result = unknown>(
  options: ToolOptions<S, Result>,
): Tool<S extends Schema ? InferOutput<S> : Record<string, never>> => {
  type Input = S extends Schema ? InferOutput<S> : Record<string, never>
  checkPolicy(options.name, options)
  const { inputSchema, strict = 'auto', ...rest } = options
  const schema = toWireSchema(inputSchema, { kind: 'tool', name: options.name, strict }) as WireSchema<Input>
  const wire: FunctionToolDefinition = {
    type: 'function',
    name: options.name,
    ...(options.description === undefined ? {} : { description: options.description }),
    parameters: schema.jsonSchema,
    // Always said: servers normalise an omitted `strict` to true and then fill optional arguments with "" or 0.
    strict: schema.strict,
  }
  return {
    ...rest,
    ...(options.execute === undefined ? {} : { execute: options.execute as Tool<Input>['execute'] }),
    kind: 'tool',
    description: options.description ?? '',
    effect: options.effect ?? 'write',
    wire,
    schema,
    slots: createToolSlots(options),
  }
}

/** A custom tool: the model writes free text (or text of a grammar) instead of JSON arguments. */
export const customTool = (
  options: ToolPolicy<string> & {
    readonly name: string
    readonly description?: string
    readonly format?: CustomToolDefinition['format']
    execute?(input: string, context: ToolContext): unknown
  },
): Tool<string> => {
  checkPolicy(options.name, options)
  const { format, ...rest } = options
  return {
    ...rest,
    kind: 'tool',
    description: options.description ?? '',
    effect: options.effect ?? 'write',
    wire: {
      type: 'custom',
      name: options.name,
      ...(options.description === undefined ? {} : { description: options.description }),
      ...(format === undefined ? {} : { format }),
    },
    schema: undefined,
    slots: createToolSlots(options),
  }
}
