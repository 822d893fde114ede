/** A list that is fused with others. */
export interface RankedList<Key> {
  /** The best first. */
  readonly keys: readonly Key[]
  readonly weight: number
}

/**
 * How flat the ranks are. The usual 60 gives what stands anywhere in both lists more than what is the first of one, so that a weak list spoils a strong one; with 10, it was
 * measured to spoil less (bench/README.md, "Retrieval").
 */
const RANK_OFFSET = 10

/**
 * Reciprocal rank fusion: each list gives a key its weight divided by its place and 10. What is the first of all lists has the score 1; what comes only in one has at most
 * the part that its list weighs. Lists that weigh nothing give nothing.
 */
export const fuse = <Key>(lists: readonly RankedList<Key>[]): Map<Key, number> => {
  const most = lists.reduce((sum, { weight }) => sum + weight, 0) / (RANK_OFFSET + 1)
  const scores = new Map<Key, number>()
  for (const { keys, weight } of lists) {
    if (weight <= 0) continue
    for (const [place, key] of keys.entries())
      scores.set(key, (scores.get(key) ?? 0) + weight / (RANK_OFFSET + place + 1) / most)
  }
  return scores
}
