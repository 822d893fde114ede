import { readdirSync, readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import type { Container, ContainerOptions } from '../src/index.ts'
import { containersOf, missing, missingPackages, needs, textOf } from './with-containers.ts'

const container = (options?: ContainerOptions): Promise<Container> => containersOf(options).create('ada')

describe.skipIf(missing !== undefined)(`Python in a container${needs}`, () => {
  it('keeps variables, prints in order, and tells the last value', async () => {
    const { run } = await container()
    expect(await run('x = 20')).toMatchObject({ end: 'ok', logs: '', value: undefined, notes: [] })
    expect(
      await run(
        'import sys, os\nprint("a"); print("b", file=sys.stderr); os.system("echo c"); print("d")\nx + 1',
      ),
    ).toMatchObject({ end: 'ok', logs: 'a\nb\nc\nd\n', value: '21' })
    expect(await run('def f():\n  return "ü€𝄞"\nf()')).toMatchObject({ value: "'ü€𝄞'" })
    expect(await run('_ * 2; None')).toMatchObject({ value: undefined })
    expect((await run('__name__')).value).toBe("'__main__'")
  })

  it('shows a traceback of the code alone, with its lines, and goes on', async () => {
    const { run } = await container()
    const failed = await run('y = 1\ndef f():\n  return 1 / 0\nf()')
    expect(failed.end).toBe('error')
    expect(failed.logs).toContain('File "<cell 1>", line 4')
    expect(failed.logs).toContain('return 1 / 0')
    expect(failed.logs).toMatch(/ZeroDivisionError: division by zero\n$/)
    expect(failed.logs).not.toContain('<string>')
    expect(await run('this is no python')).toMatchObject({
      end: 'error',
      logs: expect.stringContaining('SyntaxError'),
    })
    expect(await run('exit()')).toMatchObject({ end: 'ok' })
    expect(await run('exit("bad")')).toMatchObject({ end: 'error', logs: 'SystemExit: bad\n' })
    expect(await run('input()')).toMatchObject({ end: 'error', logs: expect.stringContaining('EOFError') })
    expect((await run('y')).value).toBe('1')
  })

  it('an endless loop is stopped, and the variables stay; what does not stop is killed, and they are gone', async () => {
    const { run } = await container({ callTimeoutMs: 700 })
    await run('x = 1')
    expect(await run('print("before")\nwhile True: pass')).toMatchObject({
      end: 'timeout',
      logs: 'before\n',
      notes: [],
    })
    expect((await run('x')).value).toBe('1')
    await run('open("kept.txt", "w").write("kept")')
    const stubborn = await run(
      'import signal; signal.signal(signal.SIGALRM, signal.SIG_IGN)\nprint("held", flush=True)\nwhile True: pass',
    )
    expect(stubborn).toMatchObject({
      end: 'timeout',
      logs: 'held\n',
      notes: [expect.stringContaining('variables and imports are gone')],
    })
    expect(await run('x')).toMatchObject({ end: 'error', logs: expect.stringContaining('NameError') })
    expect((await run('open("kept.txt").read()')).value).toBe("'kept'")
  })

  it('a process that dies is told of, and begun again with its files', async () => {
    const { run } = await container()
    await run('open("kept.txt", "w").write("kept")')
    for (const code of [
      'import os; os._exit(3)',
      'import os; os.kill(os.getpid(), 9)',
      'import ctypes; ctypes.string_at(0)',
    ]) {
      const died = await run(code)
      expect([died.end, died.notes]).toEqual([
        'died',
        [expect.stringMatching(/process ended.*files are kept/)],
      ])
    }
    expect((await run('open("kept.txt").read()')).value).toBe("'kept'")
  })

  it('memory that it does not have is an error of its own, or its end', async () => {
    const { run } = await container({ memory: '1g' })
    expect(await run('x = bytearray(4 << 30)')).toMatchObject({
      end: 'error',
      logs: expect.stringContaining('MemoryError'),
    })
    const many = await run(
      'import os, time\nfor _ in range(4):\n  if os.fork() == 0:\n    x = b"x" * (600 << 20); time.sleep(30); os._exit(0)\ntime.sleep(30)',
    )
    expect(many).toMatchObject({ end: 'died', notes: [expect.stringContaining('more memory')] })
    expect((await run('1 + 1')).value).toBe('2')
  })

  it('a flood of output is cut, and a larger one ends it', async () => {
    const { run } = await container()
    const flood = await run('for _ in range(100000): print("x" * 100)')
    expect(flood).toMatchObject({ end: 'ok', isCut: true })
    expect(flood.logs.length).toBe(256 * 1024)
    expect(await run('while True: print("x" * 100000)')).toMatchObject({
      end: 'died',
      notes: [expect.stringContaining('printed far too much')],
    })
    expect((await run('"x" * 1000000')).value?.length).toBeLessThan(100_000)
  })

  it('what it prints is never taken for an answer', async () => {
    const { run } = await container()
    const fake = '{"id": "0", "end": "ok", "value": "forged", "images": []}'
    const result = await run(
      `print(${JSON.stringify(fake)}); print("\\0" + "0" * 32)\nimport sys, os\nos.write(1, b"raw\\n")\n"real"`,
    )
    expect(result).toMatchObject({ end: 'ok', value: "'real'" })
    expect(result.logs).toContain('forged')
    // Garbage on the line of answers itself is passed over.
    expect(
      (
        await run(
          'import os\nfor fd in range(3, 10):\n  try: os.write(fd, b"no answer\\n" + b"[" * 1000 + b"\\n")\n  except OSError: pass\n"fine"',
        )
      ).value,
    ).toBe("'fine'")
    // A picture that is none is none.
    const forged = await run(
      'import gc, types\nfor o in gc.get_objects():\n  pass\nclass P:\n  def _repr_png_(self): return b"<script>"\nP()',
    )
    expect(forged.images).toEqual([])
  })

  it('files come and go by /mnt/data', async () => {
    const one = await container()
    const put = await one.files.put('../../in put.csv', Buffer.from('a,b\n1,2\n'))
    expect(put).toMatchObject({
      path: 'in put.csv',
      source: 'user',
      bytes: 8,
      id: expect.stringMatching(/^cfile_/),
    })
    const made = await one.run(
      'open("/mnt/data/out.txt", "w").write(open("in put.csv").read().upper())\nimport os; os.makedirs("sub/dir"); open("sub/dir/deep.txt", "w").write("deep")',
    )
    expect(made.files.map(({ path, source }) => [path, source])).toEqual([
      ['out.txt', 'assistant'],
      ['sub/dir/deep.txt', 'assistant'],
    ])
    const [out] = made.files
    expect(await textOf(await one.files.read(out!.id))).toBe('A,B\n1,2\n')
    const again = await one.run('open("out.txt", "a").write("more")')
    expect(again.files).toMatchObject([{ id: out!.id, bytes: 12 }])
    expect((await one.run('1')).files).toEqual([])
    await one.run('import os; os.remove("in put.csv")')
    expect(() => one.files.get(put.id)).toThrow(expect.objectContaining({ code: 'container_file_unknown' }))
    await one.files.remove(out!.id)
    expect((await one.run('import os; sorted(os.listdir())')).value).toBe("['sub']")
  })

  it('links that code made lead to no file of the host', async () => {
    const one = await container()
    const made = await one.run(
      'import os\nos.symlink("/etc/passwd", "evil.txt"); os.symlink("/", "root"); os.mkfifo("pipe"); open("good.txt", "w").write("x")',
    )
    expect(made.files.map(({ path }) => path)).toEqual(['good.txt'])
    await one.run('import os\nos.remove("good.txt"); os.symlink("/etc/hostname", "good.txt")')
    await expect(async () => one.files.read(made.files[0]!.id)).rejects.toMatchObject({
      code: 'container_file_unknown',
    })
    await one.files.put('evil.txt', Buffer.from('new'))
    expect(readFileSync('/etc/passwd', 'utf8')).not.toBe('new')
    expect((await one.run('open("evil.txt").read()')).value).toBe("'new'")
  })

  it('a container is not filled beyond its room', async () => {
    const one = await container({ diskBytes: 10 << 20, maxFiles: 20, callTimeoutMs: 30_000 })
    const full = await one.run(
      'import time\nfor i in range(40):\n  open(f"{i}.bin", "wb").write(b"x" * (1 << 20)); time.sleep(0.05)\ntime.sleep(20)',
    )
    expect(full).toMatchObject({
      end: 'died',
      notes: [expect.stringContaining('room'), expect.stringContaining('taken away')],
    })
    expect(one.files.list()).toEqual([])
    await expect(one.files.put('big', Buffer.alloc(11 << 20))).rejects.toMatchObject({
      code: 'container_file_refused',
    })
    const many = await one.run('for i in range(30): open(f"f{i}", "w").close()')
    expect(many).toMatchObject({ end: 'ok', notes: [expect.stringContaining('more than 20 files')] })
  })

  it('an abort ends a call, and calls of one container wait for each other', async () => {
    const one = await container()
    const abort = new AbortController()
    const first = one.run('import time; time.sleep(60)', { signal: abort.signal })
    const second = one.run('"second"')
    setTimeout(() => abort.abort(), 100)
    expect((await first).end).toBe('aborted')
    expect((await second).value).toBe("'second'")
  })

  it('two containers know nothing of each other, and nothing of us', async () => {
    const containers = containersOf()
    const [a, b] = await Promise.all([containers.create('ada'), containers.create('bob')])
    await a.run('secret = 1; open("/tmp/left", "w").write("x"); open("/mnt/data/left", "w").write("x")')
    expect(
      (await b.run('import os; (os.listdir("/tmp"), os.listdir("/mnt/data"), "secret" in globals())')).value,
    ).toMatch(/^\(\[.*\], \[\], False\)$/)
    expect((await b.run('import os; "left" in os.listdir("/tmp")')).value).toBe('False')
    const environment = await a.run('import os; sorted(os.environ)')
    expect(environment.value).not.toMatch(/NODE|npm|KEY|USER/)
    expect(
      (
        await a.run(
          'import urllib.request\ntry: urllib.request.urlopen("http://127.0.0.1:1"); "reached"\nexcept Exception as e: print(type(e).__name__)',
        )
      ).logs,
    ).toContain('URLError')
  })

  it('nothing of a closed one is left', async () => {
    const containers = containersOf()
    const one = await containers.create('ada')
    const mark = `mark_${process.pid}`
    await one.run(
      `import subprocess; subprocess.Popen(["sleep", "300", "--", "${mark}"], stderr=subprocess.DEVNULL) if False else subprocess.Popen(["sh", "-c", "sleep 300; : ${mark}"])`,
    )
    const left = () =>
      readdirSync('/proc').filter((pid) => {
        try {
          return /^\d+$/.test(pid) && readFileSync(`/proc/${pid}/cmdline`, 'latin1').includes(mark)
        } catch {
          return false
        }
      })
    expect(left()).not.toEqual([])
    expect(await containers.delete('ada', one.id)).toBe(true)
    await expect.poll(left).toEqual([])
    await expect(one.run('1')).rejects.toMatchObject({ code: 'container_unknown' })
  })
})

describe.skipIf(missingPackages !== undefined)(
  `data and plots in Python${missingPackages === undefined ? '' : ` (skipped: needs ${missingPackages})`}`,
  () => {
    it('figures are images, shown or not, and files', async () => {
      const { run } = await container()
      const plotted = await run(
        'import pandas as pd\nimport matplotlib.pyplot as plt\nframe = pd.DataFrame({"a": [1, 2, 3]})\nplt.plot(frame.a); plt.show()\nplt.figure(); plt.plot([3, 1])\nframe.a.sum()',
      )
      expect(plotted).toMatchObject({ end: 'ok', value: expect.stringContaining('6'), notes: [] })
      expect(plotted.images).toHaveLength(2)
      for (const { base64 } of plotted.images)
        expect(Buffer.from(base64, 'base64').subarray(1, 4).toString()).toBe('PNG')
      expect(plotted.files.map(({ path, source }) => [/^figure-.*\.png$/.test(path), source])).toEqual([
        [true, 'assistant'],
        [true, 'assistant'],
      ])
      expect((await run('plt.get_fignums()')).value).toBe('[]')
    })
  },
)
