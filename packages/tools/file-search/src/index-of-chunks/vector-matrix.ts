import { createDotKernel, type DotKernel } from './dot-kernel.ts'
import { type Hit, TopHits } from './top-hits.ts'

/** Most numbers in a vector. */
export const MAX_DIMENSIONS = 8_192
/** Rows that are multiplied in one go: about a millisecond. */
const ROWS_AT_ONCE = 4_096
const QUERY_AT = 0
const OUT_AT = MAX_DIMENSIONS
const ROWS_AT = OUT_AT + ROWS_AT_ONCE * 4
const PAGE = 65_536

/**
 * Vectors in memory, a byte for each number, with the factor that a row was shortened by. Their products are near the true ones: whoever takes the best of them multiplies
 * these again in full.
 */
export class VectorMatrix {
  readonly #width: number
  readonly #kernel: DotKernel = createDotKernel()
  readonly #chunks: number[] = []
  readonly #files: number[] = []
  readonly #scales: number[] = []

  constructor(dimensions: number) {
    this.#width = Math.ceil(dimensions / 16) * 16
  }

  get rows(): number {
    return this.#chunks.length
  }

  /** Memory that is held. */
  get bytes(): number {
    return this.#kernel.memory.buffer.byteLength + this.rows * 24
  }

  /** Memory that a row takes. */
  static bytesPerRow(dimensions: number): number {
    return Math.ceil(dimensions / 16) * 16 + 24
  }

  add(chunkNo: number, fileNo: number, vector: Float32Array): void {
    const at = ROWS_AT + this.rows * this.#width
    const { memory } = this.#kernel
    const missing = at + this.#width - memory.buffer.byteLength
    // By an eighth more than is needed, so that rows that come one by one do not make it grow each time.
    if (missing > 0) memory.grow(Math.ceil((missing + memory.buffer.byteLength / 8) / PAGE))
    this.#scales.push(shorten(vector, new Int8Array(memory.buffer, at, this.#width)))
    this.#chunks.push(chunkNo)
    this.#files.push(fileNo)
  }

  /** The best rows of the files that `counts` lets in; others may work between the stretches of a long matrix. */
  async best(
    query: Float32Array,
    {
      counts,
      limit,
      pause,
    }: { counts: (fileNo: number) => boolean; limit: number; pause: () => Promise<void> },
  ): Promise<Hit[]> {
    const { memory, dots } = this.#kernel
    const best = new TopHits(limit)
    let file = -1
    let isIn = false
    const { rows } = this
    for (let first = 0; first < rows; first += ROWS_AT_ONCE) {
      if (first > 0 && (first / ROWS_AT_ONCE) % PAUSE_AFTER === 0) await pause()
      // Again for each stretch: another search may have come between.
      const scale = shorten(query, new Int8Array(memory.buffer, QUERY_AT, this.#width))
      const count = Math.min(ROWS_AT_ONCE, rows - first)
      dots(ROWS_AT + first * this.#width, count, this.#width, QUERY_AT, OUT_AT)
      const sums = new Int32Array(memory.buffer, OUT_AT, count)
      for (let row = 0; row < count; row++) {
        const score = (sums[row] as number) * (this.#scales[first + row] as number) * scale
        if (score <= best.least) continue
        const fileNo = this.#files[first + row] as number
        if (fileNo !== file) {
          file = fileNo
          isIn = counts(fileNo)
        }
        if (isIn) best.add(this.#chunks[first + row] as number, score)
      }
    }
    return best.sorted()
  }
}

/** Stretches of rows between two pauses: some 15 ms. */
const PAUSE_AFTER = 16

/** Writes a vector as bytes; returns what one step is worth. */
const shorten = (vector: Float32Array, to: Int8Array): number => {
  let most = 0
  for (let at = 0; at < vector.length; at++) most = Math.max(most, Math.abs(vector[at] as number))
  to.fill(0)
  if (most === 0) return 0
  const factor = 127 / most
  for (let at = 0; at < vector.length; at++) to[at] = Math.round((vector[at] as number) * factor)
  return 1 / factor
}
