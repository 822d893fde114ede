/** Makes vectors of texts: similar texts, similar directions. */
export interface Embedder {
  /** Name of the model; vectors of different models cannot be compared. */
  readonly model: string
  /** Length of its vectors; undefined until the first one came, where only the endpoint knows. */
  readonly dimensions: number | undefined
  /** One vector of length 1 for each text, in their order. */
  embed(texts: readonly string[], signal?: AbortSignal): Promise<Float32Array[]>
}
