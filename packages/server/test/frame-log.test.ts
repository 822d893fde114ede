import type { EventFrames } from '@antiphon/store'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { FrameLog } from '../src/responses/frame-log.ts'

const frame = (n: number): string => `event: e\ndata: {"sequence_number":${n}}\n\n`

describe('the log of a stream', () => {
  it('hands frames on in order, each once, and none before it is written', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.record({ urgent: fc.boolean(), ticks: fc.nat({ max: 3 }) }), { maxLength: 40 }),
        fc.nat({ max: 3 }),
        async (pushes, writeTicks) => {
          const written: EventFrames[] = []
          const told: EventFrames[] = []
          const log = new FrameLog(
            async (frames) => {
              for (let n = 0; n < writeTicks; n++) await new Promise(setImmediate)
              written.push(frames)
            },
            (frames) => {
              expect(written.at(-1)).toBe(frames)
              told.push(frames)
            },
          )
          for (const [n, { urgent, ticks }] of pushes.entries()) {
            log.push(frame(n), n, urgent)
            for (let tick = 0; tick < ticks; tick++) await new Promise(setImmediate)
          }
          await log.end()
          expect(told).toEqual(written)
          expect(told.map(({ text }) => text).join('')).toBe(pushes.map((_, n) => frame(n)).join(''))
          let next = 0
          for (const { first, last } of told) {
            expect(first).toBe(next)
            next = last + 1
          }
          expect(next).toBe(pushes.length)
        },
      ),
      { numRuns: 60 },
    )
  })

  it('stops at a write that fails, and says so at the end', async () => {
    const told: EventFrames[] = []
    let writes = 0
    const log = new FrameLog(
      async () => {
        if (writes++ === 1) throw new Error('the disk is full')
      },
      (frames) => told.push(frames),
    )
    log.push(frame(0), 0, true)
    await new Promise(setImmediate)
    log.push(frame(1), 1, true)
    await new Promise(setImmediate)
    log.push(frame(2), 2, true)
    await expect(log.end()).rejects.toThrow('the disk is full')
    expect(told).toHaveLength(1)
    expect(writes).toBe(2)
  })

  it('takes a thousand frames of one tick in one write', async () => {
    let writes = 0
    const log = new FrameLog(
      async () => {
        writes++
      },
      () => undefined,
    )
    for (let n = 0; n < 1_000; n++) log.push(frame(n), n, false)
    await log.end()
    expect(writes).toBe(1)
  })
})
