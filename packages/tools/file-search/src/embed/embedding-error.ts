import { AntiphonError } from 'antiphon'

/** Why there are no vectors: the endpoint gave something else, or the local model is not installed or does not work. */
export type EmbeddingErrorCode = 'invalid_embeddings' | 'embedder_missing' | 'embedder_failed'

/** Texts could not be embedded. What the endpoint itself says comes as the client's own errors. */
export class EmbeddingError extends AntiphonError<EmbeddingErrorCode> {
  override name = 'EmbeddingError'
}
