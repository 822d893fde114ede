// Turns results.json into markdown tables: medians, and the ratio to floor-undici of the same round.
const median = (values) => {
  const sorted = values
    .filter((value) => typeof value === 'number' && Number.isFinite(value))
    .sort((a, b) => a - b)
  return sorted.length > 0 ? sorted[sorted.length >> 1] : null
}
const format = (value) => {
  if (value === null) return '–'
  const size = Math.abs(value)
  return value.toFixed(size >= 100 ? 0 : size >= 10 ? 1 : size >= 1 ? 2 : 3)
}

const CONCURRENT = {
  'wall ms': 'wall',
  'p99 run ms': 'p99',
  'CPU ms': 'cpu',
  'peak RSS MB': 'rss',
  'RSS growth KB/run': (r) => ((r.rss - r.rss0) * 1024) / 1000,
  'ok runs': 'ok',
}

const GROWTH = {
  'CPU ms': 'total',
  'ms/turn 5–45': 'first',
  'ms/turn 130–170': 'mid',
  'ms/turn 260–300': 'last',
  'last/first': (r) => r.last / r.first,
  'KB last body': (r) => r.bytesLast / 1024,
}

const TABLES = [
  [
    'a1. 1 tool × 20 turns, not streaming',
    'a1 json',
    'cpuPerTurn',
    { 'CPU ms/turn': 'cpuPerTurn', 'wall ms/turn': 'wallPerTurn', 'peak RSS MB': 'rss' },
  ],
  [
    'a1. 1 tool × 20 turns, streaming',
    'a1 sse',
    'cpuPerTurn',
    { 'CPU ms/turn': 'cpuPerTurn', 'wall ms/turn': 'wallPerTurn', 'peak RSS MB': 'rss' },
  ],
  [
    'a2. 8 parallel tools × 5 turns, not streaming',
    'a2 json',
    'cpuPerTurn',
    { 'CPU ms/turn': 'cpuPerTurn', 'wall ms/turn': 'wallPerTurn' },
  ],
  [
    'a2. 8 parallel tools × 5 turns, streaming',
    'a2 sse',
    'cpuPerTurn',
    { 'CPU ms/turn': 'cpuPerTurn', 'wall ms/turn': 'wallPerTurn' },
  ],
  [
    '256 parallel calls in one turn, streaming',
    'wide',
    'cpuPerTurn',
    { 'CPU ms/turn': 'cpuPerTurn', 'wall ms/turn': 'wallPerTurn' },
  ],
  ['b. 1,000 runs at once × 3 turns, 200 ms latency, streaming', 'b1000', 'wall', CONCURRENT],
  ['b hot. the same in a process that has run for 3 s', 'b1000 hot', 'wall', CONCURRENT],
  [
    'c. 20,000 deltas, one chunk per event, young process',
    'c event',
    'cpuUsPerDelta',
    { 'CPU µs/delta': 'cpuUsPerDelta', 'events/s': 'eventsPerS', 'deltas seen': 'seen' },
  ],
  [
    'c hot. the same, 25 answers in one process',
    'c hot',
    'cpuUsPerDelta',
    { 'CPU µs/delta': 'cpuUsPerDelta', 'events/s': 'eventsPerS' },
  ],
  [
    'c bulk. 20,000 deltas in 16 KB slices',
    'c bulk',
    'cpuUsPerDelta',
    { 'CPU µs/delta': 'cpuUsPerDelta', 'events/s': 'eventsPerS' },
  ],
  ['d. 1 tool × 300 turns, local history', 'd', 'total', GROWTH],
  ['d hot. the same in a process that has run for 3 s', 'd hot', 'total', GROWTH],
  [
    'long. 1 tool × 2,000 turns, 2 KB outputs',
    'long',
    'total',
    {
      'CPU ms': 'total',
      'wall ms': 'wall',
      'MB last body': (r) => r.bytesLast / 2 ** 20,
      'peak RSS MB': 'rss',
    },
  ],
  [
    'e. start and install',
    'e',
    'cpu',
    {
      'import CPU ms': 'cpu',
      'wall ms': 'wall',
      'RSS MB': 'rss',
      'node_modules MB': 'mb',
      'without zod MB': 'withoutZodMb',
      packages: 'packages',
    },
  ],
  [
    'f. eager tools (ideal 1,400 ms)',
    'f',
    'followUp',
    { 'follow-up at ms': 'followUp', 'tool 1 start ms': 'tool1', 'tool 2 start ms': 'tool2' },
  ],
]

/** All tables that the results have rows for. */
export const printTables = (results, order) => {
  const { machine } = results
  const lines = machine
    ? [
        `${machine.date}, Node ${machine.node}, ${machine.cores} cores (${machine.cpu}), ${machine.platform}; medians of ${machine.reps} processes.`,
      ]
    : []
  for (const [title, key, ratioOf, columns] of TABLES) {
    const rows = results[key]
    if (!rows) continue
    const floor = rows['floor-undici'] ? median(rows['floor-undici'].map((row) => row[ratioOf])) : null
    const names = Object.keys(columns)
    lines.push(
      '',
      `### ${title}`,
      '',
      `| peer | ${names.join(' | ')} | × floor |`,
      `|---|${names.map(() => '--:|').join('')}--:|`,
    )
    for (const peer of [...order, ...Object.keys(rows).filter((name) => !order.includes(name))]) {
      const measured = rows[peer]
      if (!measured) continue
      const bad = measured.filter((row) => row.error || row.err).length
      const cells = names.map((name) => {
        const read = columns[name]
        return format(median(measured.map((row) => (typeof read === 'function' ? read(row) : row[read]))))
      })
      const own = median(measured.map((row) => row[ratioOf]))
      lines.push(
        `| ${peer}${bad ? ` (${bad} of ${measured.length} failed)` : ''} | ${cells.join(' | ')} | ${floor && own ? format(own / floor) : '–'} |`,
      )
    }
  }
  return lines.join('\n')
}
