import type { Embedder } from '../src/embed/embedder.ts'

/** Vectors of words, each word a direction: what has words in common is similar. Also counts what it was asked. */
export const wordsEmbedder = (): Embedder & { texts: number; fail: number } => {
  const embedder = {
    model: 'words',
    dimensions: 64,
    texts: 0,
    fail: 0,
    async embed(texts: readonly string[]): Promise<Float32Array[]> {
      if (embedder.fail > 0) {
        embedder.fail -= 1
        throw new Error('The endpoint is busy.')
      }
      embedder.texts += texts.length
      return texts.map((text) => {
        const vector = new Float32Array(64)
        vector[0] = 0.01
        for (const word of text.toLowerCase().match(/[a-z]+/g) ?? []) {
          let hash = 7
          for (const letter of word) hash = (hash * 31 + letter.charCodeAt(0)) % 63
          vector[1 + hash] = (vector[1 + hash] ?? 0) + 1
        }
        const length = Math.hypot(...vector)
        return vector.map((one) => one / length)
      })
    },
  }
  return embedder
}
