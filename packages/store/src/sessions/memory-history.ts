import { randomUUID } from 'node:crypto'
import type { HistoryPoint } from 'antiphon'
import type { HistoryTurn, KeptHistory } from './history.ts'
import type { Item } from './item.ts'
import { checkPoint, pointUnknown } from './point-unknown.ts'

/** A line of turns; turn `n` of it lies at `n - forkAt - 1`. */
interface Line {
  readonly parent: Line | undefined
  readonly forkAt: number
  readonly turns: Turn[]
}

/** Items as JSON: nobody who has them can change them. */
interface Turn {
  readonly items: string
  /** Items up to its end. */
  readonly total: number
}

/** Histories in this process: they end with it. The same as those of a database otherwise. */
export const memoryHistory = (): KeptHistory => {
  const lines = new Map<string, Line>()
  const find = (at: HistoryPoint): Line => {
    checkPoint(at)
    const line = lines.get(at.line)
    if (line === undefined || at.n > line.forkAt + line.turns.length) throw pointUnknown(at)
    return line
  }
  return {
    async append(at, items) {
      const line = at === undefined ? undefined : find(at)
      const n = at?.n ?? 0
      const before = line === undefined ? 0 : turnAt(line, n).total
      const turn = { items: JSON.stringify(items), total: before + items.length }
      if (at !== undefined && line !== undefined && n === line.forkAt + line.turns.length) {
        line.turns.push(turn)
        return { line: at.line, n: n + 1 }
      }
      const name = randomUUID()
      lines.set(name, { parent: line === undefined ? undefined : lineAt(line, n), forkAt: n, turns: [turn] })
      return { line: name, n: n + 1 }
    },
    async read(at) {
      const turns: Turn[] = []
      for (let line: Line | undefined = find(at), n = at.n; line !== undefined; line = line.parent) {
        for (; n > line.forkAt; n--) turns.push(turnIn(line, n))
      }
      return turns.reverse().flatMap(itemsOf)
    },
    async readTurn(at): Promise<HistoryTurn> {
      const turn = turnAt(find(at), at.n)
      const items = itemsOf(turn)
      return { items, before: turn.total - items.length }
    },
  }
}

/** The line in which a turn of a history lies. */
const lineAt = (line: Line, n: number): Line => {
  let at = line
  while (n <= at.forkAt && at.parent !== undefined) at = at.parent
  return at
}

const turnIn = (line: Line, n: number): Turn => line.turns[n - line.forkAt - 1] as Turn

const turnAt = (line: Line, n: number): Turn => turnIn(lineAt(line, n), n)

const itemsOf = ({ items }: Turn): Item[] => JSON.parse(items) as Item[]
