/** A chunk of a store, and how well it fits. */
export interface Hit {
  readonly chunkNo: number
  readonly score: number
}

/** The best of many hits, without keeping all of them. Of equal ones the first stay. */
export class TopHits {
  readonly #limit: number
  #hits: Hit[] = []
  /** What a hit must be above of. */
  least = Number.NEGATIVE_INFINITY

  constructor(limit: number) {
    this.#limit = limit
  }

  add(chunkNo: number, score: number): void {
    this.#hits.push({ chunkNo, score })
    if (this.#hits.length >= this.#limit * 2 + 16) {
      this.#hits = this.sorted()
      this.least = this.#hits.at(-1)?.score ?? this.least
    }
  }

  sorted(): Hit[] {
    return this.#hits.sort(byScore).slice(0, this.#limit)
  }
}

/** The best first; of equals the one that came into the store first. */
export const byScore = (a: Hit, b: Hit): number => b.score - a.score || a.chunkNo - b.chunkNo
