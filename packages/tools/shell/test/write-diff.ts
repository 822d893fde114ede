/** The longest common part of two lists, as pairs of places. */
const common = (before: readonly string[], after: readonly string[]): [number, number][] => {
  const width = after.length + 1
  const length = new Uint32Array((before.length + 1) * width)
  for (let one = before.length - 1; one >= 0; one--)
    for (let two = after.length - 1; two >= 0; two--)
      length[one * width + two] =
        before[one] === after[two]
          ? length[(one + 1) * width + two + 1]! + 1
          : Math.max(length[(one + 1) * width + two]!, length[one * width + two + 1]!)
  const pairs: [number, number][] = []
  let one = 0
  let two = 0
  while (one < before.length && two < after.length) {
    if (before[one] === after[two]) pairs.push([one++, two++])
    else if (length[(one + 1) * width + two]! >= length[one * width + two + 1]!) one++
    else two++
  }
  return pairs
}

/** A V4A diff from one list of lines to another, with that many lines of context around each change. */
export const writeDiff = (before: readonly string[], after: readonly string[], context: number): string => {
  const lines: { sign: ' ' | '-' | '+'; text: string }[] = []
  let one = 0
  let two = 0
  for (const [left, right] of [...common(before, after), [before.length, after.length]]) {
    while (one < left!) lines.push({ sign: '-', text: before[one++]! })
    while (two < right!) lines.push({ sign: '+', text: after[two++]! })
    if (one < before.length) lines.push({ sign: ' ', text: before[one++]! })
    two++
  }
  const near = lines.map((_, at) =>
    lines.slice(Math.max(0, at - context), at + context + 1).some(({ sign }) => sign !== ' '),
  )
  const out: string[] = []
  for (const [at, { sign, text }] of lines.entries()) {
    if (!near[at]) continue
    if (!near[at - 1]) out.push('@@')
    out.push(sign + text)
  }
  return out.map((text) => `${text}\n`).join('')
}
