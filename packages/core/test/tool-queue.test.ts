import { createToolQueue } from 'antiphon'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'

const microtasks = async (): Promise<void> => {
  for (let n = 0; n < 20; n++) await undefined
}

describe('a queue of calls', () => {
  it('never runs more than its slots, never leaves one free while a call waits, and takes the first of the highest priority', async () => {
    const step = fc.oneof(
      fc.record({ add: fc.constantFrom(0, 0, 0, 1, -1) }),
      fc.record({ end: fc.nat(), fails: fc.boolean() }),
    )
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 1, max: 4 }),
        fc.array(step, { maxLength: 40 }),
        async (slots, steps) => {
          const queue = createToolQueue({ concurrency: slots })
          const running: { end: () => void; fail: (error: Error) => void }[] = []
          const waiting: { id: number; priority: number }[] = []
          const started: number[] = []
          const settled: Promise<unknown>[] = []
          let added = 0
          let ended = 0
          const add = (priority: number): void => {
            const id = added++
            if (running.length === slots) waiting.push({ id, priority })
            const task = (): Promise<void> =>
              new Promise((end, fail) => {
                started.push(id)
                running.push({ end, fail })
              })
            const mine = queue.run(task, priority)
            settled.push(
              mine.then(
                () => ended++,
                () => ended++,
              ),
            )
          }
          const end = async (which: number, fails: boolean): Promise<void> => {
            const [one] = running.splice(which % running.length, 1)
            if (fails) one?.fail(new Error('it failed'))
            else one?.end()
            await microtasks()
            if (waiting.length === 0) return
            const most = Math.max(...waiting.map(({ priority }) => priority))
            const [next] = waiting.splice(
              waiting.findIndex(({ priority }) => priority === most),
              1,
            )
            expect(started.at(-1)).toBe(next?.id)
          }
          const check = (): void => {
            expect(running.length).toBe(Math.min(slots, added - (started.length - running.length)))
            expect(queue.waiting).toBe(waiting.length)
          }
          for (const one of steps) {
            if ('add' in one) add(one.add)
            else if (running.length > 0) await end(one.end, one.fails)
            check()
          }
          while (running.length > 0) await end(0, false)
          await Promise.all(settled)
          expect(ended).toBe(added)
        },
      ),
      { numRuns: 200 },
    )
  })

  it('rejects with what a task throws before it gives a promise, and keeps the slot free', async () => {
    const queue = createToolQueue({ concurrency: 1 })
    const broken = (): Promise<void> => {
      throw new Error('at once')
    }
    await expect(queue.run(broken, 0)).rejects.toThrow('at once')
    let ran = false
    await queue.run(async () => {
      ran = true
    }, 0)
    expect(ran).toBe(true)
  })

  it('refuses a number of slots that is none', () => {
    for (const concurrency of [0, -1, Number.NaN])
      expect(() => createToolQueue({ concurrency })).toThrow('concurrency')
  })
})
