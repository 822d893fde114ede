import { execFile, spawn } from 'node:child_process'
import { mkdir, readFile, stat, symlink, writeFile } from 'node:fs/promises'
import { homedir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { describe, expect, it, onTestFinished } from 'vitest'
import { folder, inside, missing, needs, opened, outside, python } from './with-sandbox.ts'

const execute = promisify(execFile)
const entry = new URL('../src/index.ts', import.meta.url).href

const read = (path: string) => python('import sys; print(open(sys.argv[1], "rb").read(20))', path)

describe.skipIf(missing !== undefined)(`a program inside and the host${needs}`, () => {
  it('does not see files of the host', async () => {
    const sandbox = await opened()
    const own = join(await folder(), 'own')
    await writeFile(own, 'secret')
    for (const path of [own, fileURLToPath(import.meta.url), '/proc/version'])
      expect(await outside(read(path))).toContain("b'")
    const paths = [
      own,
      fileURLToPath(import.meta.url),
      homedir(),
      '/etc/shadow',
      '/etc/hostname',
      '/etc/machine-id',
      '/root',
      '/home',
      '/var',
      '/run',
      '/sys',
      '/boot',
    ]
    for (const path of paths) {
      const { code, out } = await inside(sandbox, ['/bin/ls', path])
      expect([path, code === 0 ? out : 'none']).toEqual([path, 'none'])
    }
    const users = await inside(sandbox, ['/bin/cat', '/etc/passwd'])
    expect(users.out).toBe('sandbox:x:1000:1000:sandbox:/tmp:/bin/sh\n')
    expect(await readFile('/etc/passwd', 'utf8')).not.toBe(users.out)
  })

  it('finds the files that a mount gives, and reads only where it is to read only', async () => {
    const path = await folder()
    await writeFile(join(path, 'in.txt'), 'given')
    await stat(path)
    const sandbox = await opened({ mounts: [{ hostPath: path, path: '/data', handOver: true }] })
    // A folder that mkdtemp makes is its owner's alone.
    const { code, err } = await inside(sandbox, [
      '/bin/sh',
      '-c',
      'echo no > /data/in.txt || echo no > /data/new',
    ])
    expect(code).not.toBe(0)
    expect(err).toMatch(/Read-only|denied/)
    expect(await readFile(join(path, 'in.txt'), 'utf8')).toBe('given')
  })

  it('writes nowhere but in memory of its own', async () => {
    const sandbox = await opened()
    const places = [
      '/',
      '/usr',
      '/usr/bin',
      '/etc',
      '/dev',
      '/bin',
      '/lib',
      '/proc',
      '/proc/sys/kernel',
      '/mnt',
    ]
    for (const place of places) {
      const { code } = await inside(sandbox, ['/bin/sh', '-c', `touch ${place}/antiphon-was-here`])
      expect([place, code]).not.toEqual([place, 0])
    }
    expect((await inside(sandbox, ['/bin/sh', '-c', 'touch /tmp/x /dev/shm/x && echo fine'])).out).toBe(
      'fine\n',
    )
  })

  it('has no environment of ours, in any process that it can see', async () => {
    process.env.ANTIPHON_TEST_SECRET = 'sk-do-not-tell'
    onTestFinished(() => {
      delete process.env.ANTIPHON_TEST_SECRET
    })
    const search = python(
      'import glob\nfor p in glob.glob("/proc/[0-9]*/environ") + glob.glob("/proc/[0-9]*/cmdline"):\n  try: print(open(p).read())\n  except OSError: pass',
    )
    expect(await outside(['/usr/bin/env'])).toContain('sk-do-not-tell')
    const sandbox = await opened({ env: { GIVEN: 'yes' } })
    const { out } = await inside(sandbox, search)
    expect(out).toContain('GIVEN=yes')
    expect(out).not.toContain('sk-do-not-tell')
    const names = (await inside(sandbox, ['/usr/bin/env'])).out.split('\n').map((line) => line.split('=')[0])
    expect(names.filter(Boolean).sort()).toEqual(['GIVEN', 'HOME', 'LANG', 'PATH', 'PWD', 'TMPDIR'])
  })

  it('has no open file of ours, also none that we were started with', async () => {
    const secret = join(await folder(), 'secret')
    await writeFile(secret, 'left open')
    const list = python(
      'import os\nfor fd in range(3, 60):\n  try: print(fd, os.read(fd, 20))\n  except OSError: pass',
    )
    // A shell that leaves a file open for the program it starts, which starts another.
    const leave = ['/bin/bash', '-c', `exec 47< ${secret}; "$@"`, 'bash'] as const
    const start = `import('node:child_process').then(({ spawnSync }) => process.stdout.write(spawnSync(process.argv[1], process.argv.slice(2)).stdout))`
    expect(await outside([...leave, process.execPath, '-e', start, ...list])).toContain('left open')
    const open = `import { openSandbox } from ${JSON.stringify(entry)}
const sandbox = await openSandbox()
const { stdout } = await sandbox.run({ argv: process.argv.slice(1) })
await sandbox.close()
process.stdout.write(stdout)`
    const { stdout } = await execute('/bin/bash', [
      ...leave.slice(1),
      process.execPath,
      ...['--import', 'tsx', '--input-type=module', '-e', open, ...list],
    ])
    expect(stdout).toContain('47 ')
    expect(stdout).not.toContain('left open')
  })

  it('does not get past its root by /proc', async () => {
    const secret = join(await folder(), 'secret')
    await writeFile(secret, 'host file')
    const sandbox = await opened()
    const attack = python(
      'import glob, sys\nfor root in glob.glob("/proc/[0-9]*/root") + glob.glob("/proc/[0-9]*/cwd") + glob.glob("/proc/[0-9]*/task/*/root"):\n  for up in ("", "/..", "/../../../.."):\n    try: print(open(root + up + sys.argv[1]).read())\n    except OSError: pass',
      secret,
    )
    expect(await outside(['/bin/cat', `/proc/self/root${secret}`])).toContain('host file')
    expect((await inside(sandbox, attack)).out).not.toContain('host file')
  })

  it('changes no setting of the kernel, and no program by its own image', async () => {
    const sandbox = await opened()
    for (const path of [
      '/proc/sys/kernel/core_pattern',
      '/proc/sys/vm/drop_caches',
      '/proc/sys/user/max_user_namespaces',
      '/proc/sysrq-trigger',
      '/proc/self/exe',
      '/proc/1/exe',
    ])
      expect([
        path,
        (await inside(sandbox, python('import sys; open(sys.argv[1], "r+b").write(b"-1")', path))).code,
      ]).not.toEqual([path, 0])
  })

  it('reaches no process of the host', async () => {
    const victim = spawn('/bin/sleep', ['60'], { stdio: 'ignore' })
    onTestFinished(() => void victim.kill('SIGKILL'))
    const sandbox = await opened()
    const attack = python(
      'import os, sys\nfor pid in list(map(int, sys.argv[1:])) + [-1]:\n  try: os.kill(pid, 9); print("hit", pid)\n  except OSError as e: print(e)',
      ...[process.pid, process.ppid, victim.pid!].map(String),
    )
    await inside(sandbox, attack)
    expect(victim.exitCode ?? victim.signalCode).toBe(null)
    const { out } = await inside(sandbox, ['/bin/sh', '-c', 'ls -d /proc/[0-9]* | wc -l'])
    expect(Number(out)).toBeLessThan(8)
    victim.kill('SIGKILL')
  })

  it('may not trace, mount, make namespaces, chroot, or make devices', async () => {
    const sandbox = await opened()
    const calls = {
      ptrace: 'libc.ptrace(0, 0, 0, 0)',
      mount: 'libc.mount(b"none", b"/tmp", b"tmpfs", 0, 0)',
      umount: 'libc.umount2(b"/proc", 2)',
      unshare: 'libc.unshare(0x10000000)',
      unshare_mount: 'libc.unshare(0x00020000)',
      setns: 'libc.setns(os.open("/proc/self/ns/net", os.O_RDONLY), 0)',
      chroot: 'libc.chroot(b"/tmp")',
      mknod: 'libc.mknod(b"/tmp/sda", 0o60666, 0x800)',
      setuid: 'libc.setuid(0)',
      setresuid: 'libc.setresuid(0, 0, 0)',
      capset: 'libc.prctl(24, 21, 0, 0, 0)',
      memfd: 'libc.memfd_create(b"x", 0)',
      shmget: 'libc.shmget(0, 4096, 0o1600)',
      keyctl: 'libc.syscall(250 if os.uname().machine == "x86_64" else 219, 0, -3, 0, 0, 0)',
      bpf: 'libc.syscall(321 if os.uname().machine == "x86_64" else 280, 0, 0, 0)',
      io_uring: 'libc.syscall(425, 1, 0)',
      clone_user: 'libc.syscall(56 if os.uname().machine == "x86_64" else 220, 0x10000000 | 17, 0, 0, 0, 0)',
      clone3: 'libc.syscall(435, 0, 0)',
    }
    const attack = python(
      `import ctypes, os\nlibc = ctypes.CDLL(None, use_errno=True)\nfor name, call in ${JSON.stringify(calls)}.items():\n  r = eval(call)\n  print(name, "done" if r >= 0 else os.strerror(ctypes.get_errno()), flush=True)`,
    )
    const { out } = await inside(sandbox, attack)
    const lines = out.trim().split('\n')
    expect(lines.filter((line) => line.endsWith(' done'))).toEqual([])
    expect(lines.map((line) => line.split(' ')[0])).toEqual(Object.keys(calls))
  })

  it('puts no characters into a terminal', async () => {
    const sandbox = await opened()
    const attack = python(
      'import fcntl, os, pty, termios\nprint("tty:", end="")\ntry: print(os.open("/dev/tty", os.O_RDWR))\nexcept OSError as e: print("none")\nm, s = pty.openpty()\ntry: fcntl.ioctl(s, termios.TIOCSTI, b"x"); print("pushed")\nexcept OSError as e: print(e.strerror)',
    )
    const { out } = await inside(sandbox, attack)
    expect(out).toBe('tty:none\nOperation not permitted\n')
  })

  it('gains nothing from a setuid program', async () => {
    const path = await folder()
    const sandbox = await opened({
      mounts: [{ hostPath: path, path: '/work', writable: true, handOver: true }],
    })
    const attack =
      'cp /usr/bin/id /work/id && chmod 6755 /work/id && /work/id -u; for p in $(find /usr/bin -perm -4000 2>/dev/null | head -3); do echo $p; done; grep NoNewPrivs /proc/self/status'
    const { out } = await inside(sandbox, ['/bin/sh', '-c', attack])
    expect(out).toMatch(/^1000\n/)
    expect(out).toMatch(/NoNewPrivs:\s+1/)
    // What it leaves must not become a program of its next owner's rights.
    await sandbox.close()
    if (process.getuid?.() === 0) expect((await stat(join(path, 'id'))).mode & 0o6000).toBe(0)
  })

  it('is never root on the host', async () => {
    const path = await folder()
    const sandbox = await opened({
      mounts: [{ hostPath: path, path: '/work', writable: true, handOver: true }],
    })
    await inside(sandbox, ['/bin/touch', '/work/made'])
    expect((await stat(join(path, 'made'))).uid).toBe(sandbox.user?.uid ?? process.getuid?.())
    expect((await stat(join(path, 'made'))).uid).not.toBe(0)
    const before = process.getuid?.()
    await sandbox.close()
    expect((await stat(join(path, 'made'))).uid).toBe(before)
  })

  it('a link in a handed-over folder hands over nothing else', async () => {
    const path = await folder()
    const other = join(await folder(), 'other')
    await mkdir(other)
    await writeFile(join(other, 'file'), 'x')
    await symlink(other, join(path, 'link'))
    const sandbox = await opened({
      mounts: [{ hostPath: path, path: '/work', writable: true, handOver: true }],
    })
    for (const each of [other, join(other, 'file')]) expect((await stat(each)).uid).toBe(process.getuid?.())
    expect((await inside(sandbox, ['/bin/sh', '-c', 'echo y > /work/link/file'])).code).not.toBe(0)
    expect(await readFile(join(other, 'file'), 'utf8')).toBe('x')
  })
})
