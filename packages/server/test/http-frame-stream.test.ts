import { beforeEach, describe, expect, it, onTestFinished, vi } from 'vitest'
import { FrameStream } from '../src/http/frame-stream.ts'
import { type Idle, IdleWheel } from '../src/http/idle-wheel.ts'

const outlet = (hasRoom = true) => {
  const seen: string[] = []
  return {
    seen,
    push: (text: string): boolean => {
      seen.push(text)
      return hasRoom
    },
    end: () => void seen.push('end'),
    cut: () => void seen.push('cut'),
  }
}

const tick = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))

describe('a stream of frames', () => {
  const onError = (error: unknown): void => {
    throw error
  }

  it('has a writer wait for the next tick only, where the way out takes everything', async () => {
    const out = outlet()
    const stream = new FrameStream(out, { onError })
    let drains = 0
    stream.onDrain(() => drains++)
    stream.onDrain(() => drains++)
    expect(stream.write('x'.repeat(10_000))).toBe(true)
    expect(stream.write('y'.repeat(10_000))).toBe(false)
    expect(drains).toBe(0)
    await tick()
    expect(drains).toBe(2)
    expect(out.seen).toEqual(['x'.repeat(10_000) + 'y'.repeat(10_000)])
    expect(stream.write('z')).toBe(true)
  })

  it('waits for room where there is none, and sends what is held before its end', async () => {
    const out = outlet(false)
    const stream = new FrameStream(out, { onError })
    let drains = 0
    stream.onDrain(() => drains++)
    stream.write('a')
    await tick()
    expect(stream.write('b')).toBe(false)
    stream.drained()
    expect(drains).toBe(0)
    await tick()
    stream.drained()
    stream.drained()
    expect(drains).toBe(1)
    stream.write('c')
    stream.end()
    await tick()
    expect(out.seen).toEqual(['a', 'b', 'c', 'end'])
  })

  it('tells a late listener what it has missed, and nothing after the end', () => {
    const told: string[] = []
    const closed = new FrameStream(outlet(), { onError })
    closed.closed()
    closed.closed()
    closed.onClose(() => told.push('closed'))
    closed.onOver(() => told.push('over'))
    const ended = new FrameStream(outlet(), { onError })
    ended.onClose(() => told.push('never'))
    ended.end()
    ended.closed()
    ended.onClose(() => told.push('never'))
    ended.onOver(() => told.push('over'))
    expect(told).toEqual(['closed', 'over', 'over'])
  })

  it('survives listeners that throw, and shuts with last words', () => {
    const errors: unknown[] = []
    const told: string[] = []
    const out = outlet()
    const stream = new FrameStream(out, { onError: (error) => void errors.push(error) })
    stream.onClose(() => {
      throw new Error('mine')
    })
    stream.onClose(() => told.push('closed'))
    stream.write('a')
    stream.shut('b')
    stream.shut('c')
    expect(out.seen).toEqual(['ab', 'end'])
    expect(told).toEqual(['closed'])
    expect(errors).toEqual([new Error('mine')])
  })

  it('leaves the wheel when it is over', () => {
    const wheel = new IdleWheel(1000)
    const streams = [1, 2, 3].map(() => new FrameStream(outlet(), { wheel, onError }))
    expect(wheel.size).toBe(3)
    streams[0]?.end()
    streams[1]?.closed()
    streams[2]?.shut('')
    expect(wheel.size).toBe(0)
  })
})

describe('the wheel', () => {
  beforeEach(() => {
    vi.useFakeTimers()
    onTestFinished(() => void vi.useRealTimers())
  })
  const idle = (): Idle & { count: number } => ({
    lastTick: 0,
    count: 0,
    onIdle() {
      this.count++
    },
  })

  it('tells what was idle, again and again, and not what was active', () => {
    const wheel = new IdleWheel(1600)
    const [quiet, active] = [idle(), idle()]
    wheel.add(quiet)
    wheel.add(active)
    for (let ms = 0; ms < 16_000; ms += 800) {
      active.lastTick = wheel.now
      vi.advanceTimersByTime(800)
    }
    expect(quiet.count).toBe(10)
    expect(active.count).toBe(0)
    vi.advanceTimersByTime(1600)
    expect(active.count).toBe(1)
    wheel.delete(quiet)
    wheel.delete(quiet)
    vi.advanceTimersByTime(1600)
    expect([quiet.count, active.count]).toEqual([11, 2])
  })

  it('has one timer for all, and none for nothing', () => {
    const wheel = new IdleWheel(1600)
    const all = Array.from({ length: 100 }, idle)
    for (const entry of all) wheel.add(entry)
    expect(vi.getTimerCount()).toBe(1)
    for (const entry of all) wheel.delete(entry)
    expect(vi.getTimerCount()).toBe(0)
    wheel.add(idle())
    expect(vi.getTimerCount()).toBe(1)
  })
})
