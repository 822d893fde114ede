import { type KeptHistory, memoryHistory } from '@antiphon/store'
import { expect, it } from 'vitest'
import { HistoryHeads } from '../src/responses/history-heads.ts'

const items = (count: number) =>
  Array.from({ length: count }, (_, n) => ({ type: 'message', role: 'user', content: `${n}` }) as const)

it('a history that several ask for at once is counted once, and stays in memory', async () => {
  const history = memoryHistory()
  let reads = 0
  const counted: KeptHistory = {
    append: (at, added) => history.append(at, added),
    readTurn: (at) => history.readTurn(at),
    read: (at) => {
      reads++
      return history.read(at)
    },
  }
  const long = await history.append(undefined, items(50_000))
  const short = await history.append(undefined, items(1))
  const heads = new HistoryHeads(counted)
  await Promise.all(Array.from({ length: 10 }, () => heads.read(long)))
  await heads.read(short)
  const before = reads
  expect(await heads.read(long)).toHaveLength(50_000)
  expect(reads).toBe(before)
})
