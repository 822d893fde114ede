import { afterAll, describe, expect, it, onTestFinished } from 'vitest'
import { openQuickJs, type QuickJsOptions } from '../src/index.ts'

const opened = (options?: QuickJsOptions) => {
  const quickJs = openQuickJs(options)
  onTestFinished(() => quickJs.close())
  return quickJs
}

describe('JavaScript in QuickJS', () => {
  const shared = openQuickJs()
  afterAll(() => shared.close())

  it('tells the last value and what was logged', async () => {
    expect(await shared.evaluate('console.log("a", { b: 1 }, [2n]); 6 * 7')).toMatchObject({
      end: 'value',
      value: '42',
      logs: 'a {\n  "b": 1\n} [\n  "2n"\n]\n',
    })
    expect(await shared.evaluate('Promise.resolve([1]).then((x) => x)')).toMatchObject({ value: '[\n  1\n]' })
    expect(await shared.evaluate('const o = {}; o.o = o; o')).toMatchObject({
      value: expect.stringContaining('seen'),
    })
  })

  it('keeps variables, and goes on after an error', async () => {
    await shared.evaluate('var kept = 1; function twice(x) { return 2 * x }')
    expect(await shared.evaluate('kept += 1; throw new TypeError("no")')).toMatchObject({
      end: 'error',
      logs: expect.stringContaining('TypeError: no'),
    })
    expect(await shared.evaluate('syntax error here')).toMatchObject({ end: 'error' })
    expect(await shared.evaluate('twice(kept)')).toMatchObject({ end: 'value', value: '4' })
  })

  it('has nothing of the host', async () => {
    const names = [
      'process',
      'require',
      'fetch',
      'WebAssembly',
      'setTimeout',
      'Worker',
      'Deno',
      '__host',
      'XMLHttpRequest',
      'performance',
    ]
    expect(
      (
        await shared.evaluate(
          `${JSON.stringify(names)}.filter((name) => typeof globalThis[name] !== "undefined")`,
        )
      ).value,
    ).toBe('[]')
    expect(await shared.evaluate('import("fs").then(() => "had it", () => "none")')).toMatchObject({
      value: 'none',
    })
    expect(
      (
        await shared.evaluate(
          '(function () { return this })().constructor.constructor("return typeof process")()',
        )
      ).value,
    ).toBe('undefined')
  })

  it('reads and writes texts that it is given', async () => {
    const files = { 'a.csv': 'x,y' }
    const result = await shared.evaluate('writeFile("b.txt", readFile("a.csv").toUpperCase()); listFiles()', {
      files,
    })
    expect(result.files).toEqual({ 'b.txt': 'X,Y' })
    expect(JSON.parse(result.value ?? '')).toEqual(['a.csv', 'b.txt'])
    expect(await shared.evaluate('readFile("a.csv")')).toMatchObject({ end: 'error' })
  })

  it.each([
    'while (true) {}',
    'const f = () => Promise.resolve().then(f); f()',
    'for (;;) try { for (;;); } catch {}',
    '/(a+)+$/.test("a".repeat(60) + "b")',
  ])('ends %s in its time', async (code) => {
    const quickJs = opened()
    await quickJs.evaluate('var kept = 1')
    expect((await quickJs.evaluate(code, { timeoutMs: 300 })).end).toBe('timeout')
    expect((await quickJs.evaluate('1 + 1')).value).toBe('2')
  })

  it('promises without end do not run on in what comes after', async () => {
    const quickJs = opened()
    const endless = await quickJs.evaluate('const f = async () => { for (;;) await null }; f(); f(); 1', {
      timeoutMs: 300,
    })
    expect(endless.end).toBe('timeout')
    expect(await quickJs.evaluate('2', { timeoutMs: 5_000 })).toMatchObject({
      end: 'value',
      value: '2',
      isLost: false,
    })
  })

  it('does not hold this thread while it computes', async () => {
    const quickJs = opened()
    let ticks = 0
    const timer = setInterval(() => (ticks += 1), 10)
    await quickJs.evaluate('while (true) {}', { timeoutMs: 500 })
    clearInterval(timer)
    expect(ticks).toBeGreaterThan(5)
  })

  it.each([
    'const a = []; while (true) a.push("x".repeat(1e6) + a.length)',
    'new ArrayBuffer(4e9)',
    'let s = "x"; while (true) s += s',
    'const f = () => f() + f(); f()',
  ])('refuses the memory of %s', async (code) => {
    const quickJs = opened({ memoryBytes: 16 * 1024 * 1024 })
    expect(['error', 'died', 'timeout']).toContain((await quickJs.evaluate(code, { timeoutMs: 5_000 })).end)
    expect((await quickJs.evaluate('1 + 1')).value).toBe('2')
  })

  it('cuts what floods, and refuses too much in files', async () => {
    const quickJs = opened({ outputChars: 1_000, fileBytes: 1_000 })
    const flood = await quickJs.evaluate('for (let i = 0; i < 1e5; i++) console.log("x"); "y".repeat(5000)')
    expect([flood.logs.length, flood.isCut, flood.value?.length]).toEqual([1_000, true, 1_000])
    expect(
      await quickJs.evaluate('writeFile("a", "x".repeat(900)); writeFile("b", "x".repeat(900))'),
    ).toMatchObject({ end: 'error' })
  })

  it('an abort ends it', async () => {
    const quickJs = opened()
    await quickJs.evaluate('1')
    const abort = new AbortController()
    const running = quickJs.evaluate('while (true) {}', { timeoutMs: 30_000, signal: abort.signal })
    setTimeout(() => abort.abort(), 50)
    expect((await running).end).toBe('aborted')
    await quickJs.close()
    await expect(quickJs.evaluate('1')).rejects.toMatchObject({ code: 'sandbox_closed' })
  })
})
