// Scenarios; each runs inside one worker process that holds exactly one peer. Returns plain numbers.
export const finalText = (n) => {
  let s = ''
  for (let i = 0; i < n; i++) s += i % 7 === 6 ? 'lorem.\n' : 'token' + (i % 10) + ' '
  return s
}
const cpu = () => {
  const c = process.cpuUsage()
  return (c.user + c.system) / 1000
}
const get = async (o, p) => (await fetch(o + p)).json()
const check = (c, m) => {
  if (!c) throw new Error('check failed: ' + m)
}
const gc = () => globalThis.gc?.()
const warmUp = async (ctx, o, warmMs) => {
  // The first answer that fetch reads costs every peer its optimised code (a buffer is detached): before the warm-up, not after it.
  await get(ctx.origin, '/_stats')
  const since = performance.now()
  while (performance.now() - since < warmMs) await one(ctx, o)
}

async function one(ctx, { model, stream, turns, maxTurns }) {
  ctx.calls = 0
  let n = 0,
    acc = 0
  const r = await ctx.peer.run({
    model,
    input: 'What is the weather in Paris?',
    stream,
    maxTurns: maxTurns ?? turns + 2,
    onDelta: (d) => {
      n++
      acc += d.length
    },
  })
  return { text: r.text, n, acc }
}
const verify = (ctx, r, { turns, parallel, deltas, stream }, label) => {
  const want = finalText(deltas)
  check(r.text === want, `${label}: final text ${JSON.stringify(String(r.text).slice(0, 60))}`)
  if (stream)
    check(r.acc === want.length, `${label}: streamed ${r.acc} of ${want.length} chars in ${r.n} deltas`)
  check(ctx.calls === turns * parallel, `${label}: ${ctx.calls} tool calls, wanted ${turns * parallel}`)
}

// a) sequential runs, CPU and wall per model turn (a run of `turns` tool turns has turns+1 requests)
export async function loop(ctx, { turns, parallel, stream, runs, warm, warmMs = 700 }) {
  const o = { turns, parallel, stream, deltas: 10, model: `t${turns}-p${parallel}-d10` }
  const w0 = performance.now()
  let w = 0
  while (w < warm || performance.now() - w0 < warmMs) {
    const r = await one(ctx, o)
    if (w++ < 2) verify(ctx, r, o, 'loop')
    if (w > 2000) break
  }
  gc()
  const c0 = cpu(),
    t0 = performance.now()
  for (let i = 0; i < runs; i++) await one(ctx, o)
  const wall = performance.now() - t0,
    c = cpu() - c0,
    n = runs * (turns + 1)
  return { cpuPerTurn: c / n, wallPerTurn: wall / n, rss: process.resourceUsage().maxRSS / 1024 }
}
// b) N concurrent runs of `turns` tool turns, upstream latency per request
export async function concurrent(ctx, { n, turns, stream, latency, warmMs = 0 }) {
  const o = { turns: turns - 1, parallel: 1, stream, deltas: 10, model: `t${turns - 1}-p1-d10-l${latency}` }
  await warmUp(ctx, { ...o, model: `t${turns - 1}-p1-d10` }, warmMs)
  for (let i = 0; i < 10; i++) await one(ctx, { ...o, model: `t${turns - 1}-p1-d10` })
  await get(ctx.origin, '/_reset')
  gc()
  const rss0 = process.memoryUsage.rss() / 2 ** 20
  ctx.calls = 0
  let ok = 0,
    err = null
  const c0 = cpu(),
    t0 = performance.now(),
    want = finalText(10)
  const lat = []
  await Promise.all(
    Array.from({ length: n }, async () => {
      try {
        const s = performance.now()
        const r = await ctx.peer.run({
          model: o.model,
          input: 'What is the weather in Paris?',
          stream,
          maxTurns: turns + 2,
          onDelta() {},
        })
        lat.push(performance.now() - s)
        if (r.text === want) ok++
        else err ??= 'text ' + r.text
      } catch (e) {
        err ??= String(e?.message ?? e).slice(0, 200) + (e?.cause ? ' / ' + e.cause : '')
      }
    }),
  )
  const wall = performance.now() - t0,
    c = cpu() - c0
  const st = await get(ctx.origin, '/_stats')
  lat.sort((a, b) => a - b)
  return {
    ok,
    err,
    wall,
    cpu: c,
    cpuPerTurn: c / (n * turns),
    rss: process.resourceUsage().maxRSS / 1024,
    rss0,
    peakOpen: st.peakOpen,
    requests: st.requests,
    p50: lat[lat.length >> 1],
    p99: lat[Math.floor(lat.length * 0.99)],
  }
}
// c) one response of many text deltas
export async function deltas(ctx, { n, slice, runs }) {
  const o = {
    turns: 0,
    parallel: 1,
    stream: true,
    deltas: n,
    model: `t0-p1-d${n}${slice ? '-s' + slice : ''}`,
  }
  for (let i = 0; i < 2; i++) {
    await one(ctx, { ...o, model: `t0-p1-d2000`, deltas: 2000 })
  }
  const v = await one(ctx, o)
  verify(ctx, v, o, 'deltas')
  const cs = [],
    ws = []
  for (let i = 0; i < runs; i++) {
    gc()
    const c0 = cpu(),
      t0 = performance.now()
    await one(ctx, o)
    ws.push(performance.now() - t0)
    cs.push(cpu() - c0)
  }
  const med = (a) => [...a].sort((x, y) => x - y)[a.length >> 1]
  return {
    cpuUsPerDelta: (med(cs) * 1000) / n,
    eventsPerS: (n / med(ws)) * 1000,
    seen: v.n,
    rss: process.resourceUsage().maxRSS / 1024,
  }
}
// d) one long loop; CPU per turn in windows, from the tool callback
export async function long(ctx, { turns, stream, warmMs = 0 }) {
  const o = { turns, parallel: 1, stream, deltas: 10, model: `t${turns}-p1-d10-log` }
  await warmUp(ctx, { ...o, turns: 20, model: 't20-p1-d10' }, warmMs)
  for (let i = 0; i < 10; i++) await one(ctx, { ...o, turns: 20, model: 't20-p1-d10' }) // JIT warm-up, so that window 1 is not a cold one
  gc()
  await get(ctx.origin, '/_log')
  const marks = [[cpu(), performance.now()]]
  ctx.onCall = () => marks.push([cpu(), performance.now()])
  const c0 = cpu(),
    t0 = performance.now()
  const r = await one(ctx, o)
  const total = cpu() - c0,
    wall = performance.now() - t0
  ctx.onCall = null
  verify(ctx, r, o, 'long')
  const log = await get(ctx.origin, '/_log')
  const W = (a, b) => (marks[b][0] - marks[a][0]) / (b - a)
  return {
    total,
    wall,
    first: W(5, 45),
    mid: W(turns / 2 - 20, turns / 2 + 20),
    last: W(turns - 40, turns),
    bytesFirst: log[0].bytes,
    bytesLast: log.at(-1).bytes,
    requests: log.length,
    rss: process.resourceUsage().maxRSS / 1024,
  }
}
// f) eager tools: call 1 streamed at 0.1 s, call 2 at 0.6 s, response.completed at 1.0 s; a tool takes 0.8 s
export async function eager(ctx) {
  const o = { turns: 1, parallel: 2, stream: true, deltas: 10, model: 't1-p2-d10-eager' }
  for (let i = 0; i < 3; i++) await one(ctx, { ...o, model: 't1-p2-d10' })
  await get(ctx.origin, '/_log')
  ctx.delay = 800
  const starts = []
  ctx.onCall = () => starts.push(performance.timeOrigin + performance.now())
  const r = await one(ctx, o)
  ctx.delay = 0
  ctx.onCall = null
  verify(ctx, r, o, 'eager')
  const log = await get(ctx.origin, '/_log')
  return { followUp: log[1].t - log[0].t, tool1: starts[0] - log[0].t, tool2: starts[1] - log[0].t }
}
export const scenarios = { loop, concurrent, deltas, long, eager }
