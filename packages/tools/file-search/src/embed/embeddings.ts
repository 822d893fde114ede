import { createSender, type Sender, type SenderOptions } from '@antiphon/client'
import { ConfigError } from 'antiphon'
import { unitVector } from '../index-of-chunks/vector-bytes.ts'
import type { Embedder } from './embedder.ts'
import { EmbeddingError } from './embedding-error.ts'

/** An endpoint with `/embeddings`, and which of its models. */
export interface EmbeddingsOptions
  extends Pick<SenderOptions, 'apiKey' | 'headers' | 'retries' | 'timeouts' | 'transport' | 'onRetry'> {
  /** Root of the API, such as `https://api.openai.com/v1` or `http://127.0.0.1:11434/v1`. */
  readonly baseURL: string
  readonly model: string
  /** Asks for shorter vectors, of models that can. @defaultValue what the model has */
  readonly dimensions?: number
  /** Texts in one request, 1 to 2,048. @defaultValue 64 */
  readonly batchSize?: number
}

/** Characters in one request, so that a batch stays below what endpoints take (300,000 tokens). */
const MAX_BATCH_CHARACTERS = 200_000

/**
 * Vectors from any endpoint that has `/v1/embeddings`: OpenAI's, or one on this machine. Requests are repeated as those of the client are.
 *
 * @throws ConfigError `invalid_config`; from `embed`: ApiError, ConnectionError, TimeoutError, AbortedError, EmbeddingError `invalid_embeddings`.
 */
export const embeddings = (options: EmbeddingsOptions): Embedder => {
  const { baseURL, model, dimensions, batchSize = 64, ...rest } = options
  if (typeof model !== 'string' || model === '')
    throw new ConfigError('invalid_config', 'Expected `model` to be the name of an embedding model.')
  if (!Number.isInteger(batchSize) || batchSize < 1 || batchSize > 2_048)
    throw new ConfigError('invalid_config', `Expected \`batchSize\` to be 1 to 2048, got \`${batchSize}\`.`)
  if (dimensions !== undefined && (!Number.isInteger(dimensions) || dimensions < 1))
    throw new ConfigError(
      'invalid_config',
      `Expected \`dimensions\` to be a whole number above 0, got \`${dimensions}\`.`,
    )
  const sender = createSender({ baseURL, ...rest })
  let length = dimensions
  return {
    model,
    get dimensions() {
      return length
    },
    async embed(texts, signal) {
      const vectors: Float32Array[] = []
      for (const batch of batches(texts, batchSize)) {
        const body = {
          model,
          input: batch,
          encoding_format: 'float',
          ...(dimensions === undefined ? {} : { dimensions }),
        }
        for (const vector of await askFor(sender, body, signal)) {
          length ??= vector.length
          if (vector.length !== length)
            throw wrong(model, `a vector of ${vector.length} numbers where ${length} were expected`)
          vectors.push(vector)
        }
      }
      return vectors
    },
  }
}

interface RequestBody {
  readonly model: string
  readonly input: readonly string[]
}

const askFor = async (
  sender: Sender,
  body: RequestBody,
  signal: AbortSignal | undefined,
): Promise<Float32Array[]> => {
  const answer = await sender.json<{ data?: unknown }>({
    method: 'POST',
    path: '/embeddings',
    body,
    ...(signal === undefined ? {} : { signal }),
  })
  const { model, input } = body
  if (!Array.isArray(answer?.data) || answer.data.length !== input.length)
    throw wrong(
      model,
      `${Array.isArray(answer?.data) ? answer.data.length : 'no'} vectors for ${input.length} texts`,
    )
  const vectors: (Float32Array | undefined)[] = input.map(() => undefined)
  for (const [place, entry] of (answer.data as { index?: unknown; embedding?: unknown }[]).entries()) {
    const index = entry?.index ?? place
    if (typeof index !== 'number' || !(index in vectors) || vectors[index] !== undefined)
      throw wrong(model, 'vectors whose numbers are not those of the texts')
    vectors[index] = toVector(entry?.embedding, model)
  }
  return vectors as Float32Array[]
}

/** Numbers; or their bytes in base64, which some endpoints send unasked. */
const toVector = (value: unknown, model: string): Float32Array => {
  let numbers: Float32Array
  if (typeof value === 'string') {
    const bytes = new Uint8Array(Buffer.from(value, 'base64'))
    numbers = new Float32Array(bytes.buffer, 0, bytes.length >> 2)
  } else if (Array.isArray(value) && value.every((one) => typeof one === 'number'))
    numbers = Float32Array.from(value as number[])
  else throw wrong(model, 'something that is no vector')
  if (numbers.length === 0 || !numbers.every(Number.isFinite)) throw wrong(model, 'a vector without numbers')
  return unitVector(numbers)
}

/** Texts in groups that one request takes. No endpoint takes an empty text, so that one becomes a space. */
function* batches(texts: readonly string[], batchSize: number): Generator<string[]> {
  let batch: string[] = []
  let characters = 0
  for (const text of texts) {
    if (batch.length === batchSize || (batch.length > 0 && characters + text.length > MAX_BATCH_CHARACTERS)) {
      yield batch
      batch = []
      characters = 0
    }
    batch.push(text === '' ? ' ' : text)
    characters += text.length
  }
  if (batch.length > 0) yield batch
}

const wrong = (model: string, what: string): EmbeddingError =>
  new EmbeddingError(
    'invalid_embeddings',
    `The endpoint answered with ${what}. Does it offer "${model}" under /embeddings?`,
  )
