import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { diskUse } from '../src/watch/disk-use.ts'
import { folder, inside, missing, needs, opened, outside, python } from './with-sandbox.ts'

const MIB = 1024 * 1024

/** Processes of the host with this text on their command line. */
const processesWith = (text: string): readonly string[] =>
  readdirSync('/proc').filter((name) => {
    if (!/^\d+$/.test(name) || Number(name) === process.pid) return false
    try {
      return readFileSync(`/proc/${name}/cmdline`, 'latin1').includes(text)
    } catch {
      return false
    }
  })

describe.skipIf(missing !== undefined)(`a program inside and what the machine has${needs}`, () => {
  it('a fork bomb stays small, and ends', async () => {
    const sandbox = await opened()
    const mark = `bomb-${process.pid}`
    const bomb = `import os, sys, time\ntop = 0\nfor _ in range(2000):\n  try:\n    if os.fork() == 0: time.sleep(60); os._exit(0)\n    top += 1\n  except OSError: break\nprint(top, flush=True)\ntime.sleep(60) # ${mark}`
    // Outside a few more than the limit are no matter.
    const few =
      'import os, time\nfor i in range(80):\n  if os.fork() == 0: time.sleep(1); os._exit(0)\nprint("all")'
    expect(await outside(python(few))).toBe('all\n')
    const { end, out } = await inside(sandbox, python(bomb), { limits: { wallMs: 3_000, processes: 40 } })
    expect(end).toBe('timeout')
    expect(Number(out)).toBeLessThanOrEqual(40)
    await expect.poll(() => processesWith(mark)).toEqual([])
  })

  it('the classic one, too', async () => {
    const sandbox = await opened()
    const { end } = await inside(sandbox, ['/bin/sh', '-c', 'b() { b | b & }; b; sleep 60'], {
      limits: { wallMs: 2_000, processes: 30 },
    })
    expect(['timeout', 'exit', 'signal']).toContain(end)
    expect((await inside(sandbox, ['/bin/echo', 'fine'])).out).toBe('fine\n')
  })

  it('4 GB at once are refused', async () => {
    const sandbox = await opened({ limits: { memoryBytes: 256 * MIB } })
    const { out } = await inside(
      sandbox,
      python('try: x = bytearray(4 << 30); print("had it")\nexcept MemoryError: print("refused")'),
    )
    expect(out).toBe('refused\n')
  })

  it('many processes do not have together what one may not have', async () => {
    const sandbox = await opened({ limits: { memoryBytes: 200 * MIB, wallMs: 20_000 } })
    const attack =
      'import os, time\nfor _ in range(8):\n  if os.fork() == 0:\n    x = b"x" * (150 << 20); time.sleep(30); os._exit(0)\ntime.sleep(30)'
    expect((await inside(sandbox, python(attack))).end).toBe('memory_limit')
    const one = 'x = b"x" * (100 << 20); print("fine")'
    expect((await inside(sandbox, python(one))).out).toBe('fine\n')
  })

  it('memory that is shared is counted, too', async () => {
    const sandbox = await opened({ limits: { memoryBytes: 150 * MIB, wallMs: 20_000 } })
    const attack =
      'import mmap, time\nm = mmap.mmap(-1, 1 << 30)\nfor i in range(0, 1 << 30, 4096): m[i] = 1\nprint("had it", flush=True); time.sleep(20)'
    const { end, out } = await inside(sandbox, python(attack))
    expect([end, out]).toEqual(['memory_limit', ''])
  })

  it('an endless loop ends with its time, and with all that it started', async () => {
    const sandbox = await opened()
    const mark = `orphan-${process.pid}`
    const attack = `import os, sys\nfor _ in range(3):\n  if os.fork() == 0:\n    os.setsid()\n    if os.fork() == 0:\n      os.close(0); os.close(1); os.close(2)\n      while True: pass # ${mark}\n    os._exit(0)\nwhile True: pass`
    const running = inside(sandbox, python(attack), { limits: { wallMs: 2_000 } })
    await expect.poll(() => processesWith(mark).length).toBeGreaterThan(3)
    expect((await running).end).toBe('timeout')
    await expect.poll(() => processesWith(mark)).toEqual([])
  })

  it('what a program leaves running ends with it', async () => {
    const sandbox = await opened()
    const mark = `left-${process.pid}`
    await inside(sandbox, [
      '/bin/sh',
      '-c',
      `setsid sh -c 'sleep 300; : ${mark}' </dev/null >/dev/null 2>&1 & sleep 0.2`,
    ])
    await expect.poll(() => processesWith(mark)).toEqual([])
  })

  it('a process that computes for too long ends', async () => {
    const sandbox = await opened()
    const { end, out } = await inside(
      sandbox,
      python(
        'import os\npid = os.fork()\nif pid == 0:\n  while True: pass\n_, status = os.wait(); print(os.WTERMSIG(status))',
      ),
      { limits: { cpuSeconds: 1, wallMs: 30_000 } },
    )
    expect(['exit', 'signal']).toContain(end)
    expect(out === '24\n' || out === '9\n').toBe(true)
  })

  it('an abort ends it at once, with all of it', async () => {
    const sandbox = await opened()
    const mark = `aborted-${process.pid}`
    const abort = new AbortController()
    const running = inside(sandbox, ['/bin/sh', '-c', `sleep 300 & sleep 300; : ${mark}`], {
      signal: abort.signal,
    })
    await expect.poll(() => processesWith(mark).length).toBeGreaterThan(0)
    abort.abort()
    expect((await running).end).toBe('aborted')
    await expect.poll(() => processesWith(mark)).toEqual([])
    expect((await inside(sandbox, ['/bin/true'], { signal: abort.signal })).end).toBe('aborted')
  })

  it('our own death is the death of it', async () => {
    const mark = `widow-${process.pid}`
    const entry = new URL('../src/index.ts', import.meta.url).href
    const code = `import { openSandbox } from ${JSON.stringify(entry)}
const sandbox = await openSandbox()
const started = sandbox.start({ argv: ['/bin/sh', '-c', 'echo inside; sleep 300; : ${mark}'] })
started.stdout.pipe(process.stdout)`
    const child = spawn(process.execPath, ['--import', 'tsx', '--input-type=module', '-e', code], {
      stdio: ['ignore', 'pipe', 'ignore'],
    })
    // Not before it runs inside: what starts it ties itself to us only then.
    await once(child.stdout, 'data')
    // Ours has the text on its command line, and so has the shell inside.
    const inSandbox = () => processesWith(mark).filter((pid) => pid !== String(child.pid))
    await expect.poll(() => inSandbox().length, { timeout: 20_000 }).toBeGreaterThan(0)
    child.kill('SIGKILL')
    await expect.poll(inSandbox).toEqual([])
  })

  it('a disk in memory has an end', async () => {
    const sandbox = await opened({ limits: { diskBytes: 20 * MIB } })
    for (const place of ['/tmp', '/dev/shm']) {
      const { out } = await inside(sandbox, [
        '/bin/sh',
        '-c',
        `dd if=/dev/zero of=${place}/full bs=1M count=200 2>/dev/null; stat -c %s ${place}/full`,
      ])
      expect(Number(out)).toBeLessThanOrEqual(20 * MIB)
    }
  })

  it('a million empty files in memory are too many', async () => {
    const sandbox = await opened({ limits: { files: 2_000, wallMs: 30_000 } })
    const { end } = await inside(
      sandbox,
      python('import time\nfor i in range(1000000):\n  open(f"/tmp/{i}", "w").close()\ntime.sleep(30)'),
    )
    expect(end).toBe('disk_limit')
  })

  it('a writable folder of the host is filled no further than allowed', async () => {
    const path = await folder()
    const mounts = [{ hostPath: path, path: '/work', writable: true, handOver: true }]
    const sandbox = await opened({
      mounts,
      limits: { diskBytes: 30 * MIB, fileBytes: 10 * MIB, wallMs: 30_000 },
    })
    const one = await inside(sandbox, [
      '/bin/sh',
      '-c',
      'head -c 50000000 /dev/zero > /work/one; stat -c %s /work/one; rm /work/one',
    ])
    expect(Number(one.out)).toBe(10 * MIB)
    const many = 'i=0; while true; do i=$((i+1)); head -c 1000000 /dev/zero > /work/$i; sleep 0.01; done'
    const { end } = await inside(sandbox, ['/bin/sh', '-c', many])
    expect(end).toBe('disk_limit')
    expect((await diskUse([path])).bytes).toBeLessThan(500 * MIB)
  })

  it('nor by files that no folder has any more', async () => {
    const path = await folder()
    const mounts = [{ hostPath: path, path: '/work', writable: true, handOver: true }]
    const sandbox = await opened({ mounts, limits: { diskBytes: 20 * MIB, wallMs: 20_000 } })
    const attack =
      'import os, time\nf = open("/work/x", "wb"); os.unlink("/work/x")\nfor i in range(60): f.write(b"x" * (1 << 20)); f.flush(); time.sleep(0.01)\ntime.sleep(20)'
    expect((await inside(sandbox, python(attack))).end).toBe('disk_limit')
  })

  it('nor by many small ones', async () => {
    const path = await folder()
    const mounts = [{ hostPath: path, path: '/work', writable: true, handOver: true }]
    const sandbox = await opened({ mounts, limits: { files: 500, wallMs: 20_000 } })
    const attack = 'import time\nfor i in range(3000): open(f"/work/{i}", "w").close()\ntime.sleep(20)'
    expect((await inside(sandbox, python(attack))).end).toBe('disk_limit')
  })

  it('a flood of output is kept up to its limit, and ends the program at the next', async () => {
    const sandbox = await opened()
    const flood = await sandbox.run({
      argv: ['/usr/bin/yes'],
      limits: { outputBytes: 1_000, floodBytes: 5 * MIB },
    })
    expect([flood.end, flood.stdout.length, flood.isStdoutCut]).toEqual(['output_limit', 1_000, true])
    const long = await sandbox.run({
      argv: ['/bin/sh', '-c', 'head -c 100000 /dev/zero; echo done >&2'],
      limits: { outputBytes: 1_000 },
    })
    expect([long.end, long.exitCode, long.stdout.length, long.isStdoutCut, long.isStderrCut]).toEqual([
      'exit',
      0,
      1_000,
      true,
      false,
    ])
  })

  it('its own supervisor inside is bound by the same limits', async () => {
    const sandbox = await opened({ limits: { memoryBytes: 300 * MIB, processes: 20 } })
    const { out } = await inside(sandbox, ['/bin/sh', '-c', 'cat /proc/1/limits'])
    expect(out).toMatch(new RegExp(`Max data size\\s+${300 * MIB}\\s+${300 * MIB}`))
    expect(out).toMatch(/Max core file size\s+0\s+0/)
    if (sandbox.user !== undefined) expect(out).toMatch(/Max processes\s+24\s+24/)
  })

  it('several at once do not take each other anything away', async () => {
    const paths = await Promise.all([folder(), folder(), folder()])
    const ended = await Promise.all(
      paths.map(async (path, index) => {
        const sandbox = await opened({
          mounts: [{ hostPath: path, path: '/work', writable: true, handOver: true }],
        })
        const fork =
          'import os, time\nfor _ in range(50):\n  if os.fork() == 0: time.sleep(1); os._exit(0)\nopen("/work/ok", "w").write("x")'
        const { code, err } = await inside(sandbox, python(fork))
        return [index, code, err, readFileSync(join(path, 'ok'), 'utf8')]
      }),
    )
    expect(ended).toEqual([0, 1, 2].map((index) => [index, 0, '', 'x']))
  })
})
