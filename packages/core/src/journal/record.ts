import {
  createAccumulator,
  type InputItem,
  isTerminalEvent,
  type Response,
  type ResponseRequest,
} from '@antiphon/client'
import { JournalError } from '../errors/journal-error.ts'
import { likeModel } from '../middleware/like-model.ts'
import type { Model, ModelContext } from '../model.ts'
import { formatLog } from './jsonl.ts'
import { LOG_VERSION, type LogRecord, type NewRecord, type RunStart } from './log-record.ts'
import { type LogRedactor, type LogRedactorOptions, toRedactor } from './redact-log.ts'
import { RequestRecorder } from './request-delta.ts'
import { RequestHasher } from './request-hash.ts'

/** Where records go, and what is kept out of them. */
export interface RecordOptions {
  /** A list that they are added to, or a function that keeps them, called for one after the other. An answer is complete when its record is kept. */
  readonly to?: LogRecord[] | ((record: LogRecord) => void | Promise<void>)
  /** What must not get into the log. A replay has to be told the same. */
  readonly redact?: LogRedactor | LogRedactorOptions
  /** @defaultValue the run's, or a random id */
  readonly runId?: string
}

/** A model that keeps what it was asked and what it answered. */
export interface Recording extends Model {
  /** All records so far. */
  readonly records: readonly LogRecord[]
  /** The log as a file has it; `replay()` takes it. */
  toJSONL(): string
}

/**
 * Wraps a model and records each call that was answered: a log with the records `run` and `t{n}/model`, which `replay()` and `fork()` take. A call that fails is not recorded.
 *
 * One log for all calls of the model, whichever run makes them; it stays in memory, so it is for a test or a bug report and not for the life of a server.
 *
 * @throws JournalError `store_failed` from the model call when `to` fails, and from every call after it: a log with a gap cannot be read.
 */
export const record = (model: Model, options: RecordOptions = {}): Recording => {
  const cassette = new Cassette(model, options)
  const recording: Model = async (request, sink, context) => {
    const asked = cassette.ask(request, context)
    const fold = createAccumulator()
    let ended = false
    const startedAt = performance.now()
    await model(
      request,
      (event) => {
        fold.push(event)
        ended ||= isTerminalEvent(event)
        sink(event)
      },
      context,
    )
    if (ended) await cassette.keep(asked, fold.finish(), performance.now() - startedAt)
  }
  return Object.assign(likeModel(model, recording), {
    records: cassette.records,
    toJSONL: () => formatLog(cassette.records),
  })
}

/** The log of one model, as it grows. */
class Cassette {
  readonly records: LogRecord[]
  readonly #agent: string
  readonly #runId: string | undefined
  readonly #redactor: LogRedactor | undefined
  readonly #write: ((record: LogRecord) => void | Promise<void>) | undefined
  readonly #requests = new RequestRecorder()
  readonly #hasher = new RequestHasher((value) => value, new Set())
  /** One object for all equal items: it is how they are known again. */
  readonly #items = new Map<string, object>()
  #written: Promise<void> = Promise.resolve()
  #turn = 0

  constructor(model: Model, { to, redact, runId }: RecordOptions) {
    this.records = Array.isArray(to) ? to : []
    this.#write = typeof to === 'function' ? to : undefined
    this.#redactor = toRedactor(redact)
    this.#agent = model.modelName ?? 'model'
    this.#runId = runId
  }

  /** A copy of a request, as it is now. */
  ask(request: ResponseRequest, context: ModelContext): ResponseRequest {
    // In a run items are never changed in place; elsewhere they may be.
    const inRun = context.input !== undefined
    const { input, ...rest } = request
    const fields = inRun ? rest : (JSON.parse(JSON.stringify(rest)) as ResponseRequest)
    const items = Array.isArray(input) ? input.map((item) => this.#known(item, inRun)) : input
    const asked = { ...fields, ...(items === undefined ? {} : { input: items as InputItem[] }) }
    if (this.records.length === 0) this.#begin(asked, context)
    return asked
  }

  keep(request: ResponseRequest, response: Response, ms: number): Promise<void> {
    const key = `t${this.#turn++}/model`
    const about = this.#requests.describe(request, this.#agent)
    this.#requests.advance(request)
    const output = response.output.map((item) => this.#known(item, true))
    this.#requests.rememberOutput(key, output)
    this.#append({
      key,
      kind: 'model',
      at: Date.now(),
      ms: Math.round(ms * 1000) / 1000,
      about,
      value: { ...response, output },
    })
    return this.#written
  }

  #begin({ input }: ResponseRequest, context: ModelContext): void {
    const start: RunStart = {
      version: LOG_VERSION,
      runId: this.#runId ?? context.runId ?? `run_${crypto.randomUUID()}`,
      agent: this.#agent,
      recording: true,
      input: Array.isArray(input) ? input : [],
    }
    this.#requests.rememberStart(start)
    this.#append({ key: 'run', kind: 'run', at: Date.now(), value: start })
  }

  #append(fresh: NewRecord): void {
    const clean = this.#redactor?.record(fresh) ?? fresh
    const record: LogRecord = { seq: this.records.length + 1, ...clean }
    this.records.push(record)
    const write = this.#write
    if (write === undefined) return
    this.#written = this.#written.then(() => write(record)).catch(failed)
    // Told to the call that waits for it, whichever that is.
    this.#written.catch(() => undefined)
  }

  #known(item: unknown, frozen: boolean): unknown {
    if (typeof item !== 'object' || item === null) return item
    const hash = this.#hasher.item(item, frozen)
    let known = this.#items.get(hash)
    if (known === undefined) {
      known = frozen ? item : (JSON.parse(JSON.stringify(item)) as object)
      this.#items.set(hash, known)
    }
    return known
  }
}

const failed = (cause: unknown): never => {
  if (cause instanceof JournalError) throw cause
  throw new JournalError('store_failed', 'record(): the log could not be written. The cause says why.', {
    cause,
  })
}
