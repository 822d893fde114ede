import { createServer } from 'node:net'
import { networkInterfaces } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it, onTestFinished } from 'vitest'
import { folder, inside, missing, needs, opened, outside, python } from './with-sandbox.ts'

const CONNECT = `
import socket, sys
family = sys.argv[1]
try:
  if family == "tcp":
    s = socket.create_connection((sys.argv[2], int(sys.argv[3])), 3)
  else:
    s = socket.socket(socket.AF_UNIX); s.settimeout(3); s.connect(sys.argv[2].replace("@", "\\0"))
  print(s.recv(10).decode())
except OSError as e: print("refused:", e)
`

const listening = async (where: { path: string } | { host: string; port: number }): Promise<number> => {
  const server = createServer((socket) => {
    socket.on('error', () => {})
    socket.end('reached')
  })
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(where, resolve)
  })
  onTestFinished(() => new Promise((resolve) => server.close(() => resolve())))
  const address = server.address()
  return typeof address === 'object' && address !== null ? address.port : 0
}

describe.skipIf(missing !== undefined)(`a program inside and the network${needs}`, () => {
  it('reaches no listener of the host, on loopback or another address', async () => {
    const sandbox = await opened()
    const others = Object.values(networkInterfaces()).flatMap((each) => each ?? [])
    const hosts = [
      '127.0.0.1',
      ...others
        .filter(({ internal, family }) => !internal && family === 'IPv4')
        .map(({ address }) => address),
    ]
    const port = await listening({ host: '0.0.0.0', port: 0 })
    for (const host of hosts) {
      const argv = python(CONNECT, 'tcp', host, String(port))
      expect(await outside(argv)).toBe('reached\n')
      expect((await inside(sandbox, argv)).out).toMatch(/^refused/)
    }
  })

  it('reaches no socket of the host by its name, abstract ones neither', async () => {
    const sandbox = await opened()
    const path = join(await folder(), 'socket')
    const abstract = `antiphon-${process.pid}`
    await listening({ path })
    await listening({ path: `\0${abstract}` })
    for (const name of [path, `@${abstract}`]) {
      const argv = python(CONNECT, 'unix', name)
      expect([name, (await inside(sandbox, argv)).out]).toEqual([name, expect.stringMatching(/^refused/)])
    }
    // Node ends the names of abstract sockets as Python does, so the control is the plain one.
    expect(await outside(python(CONNECT, 'unix', path))).toBe('reached\n')
  })

  it('resolves no name', async () => {
    const sandbox = await opened()
    const { out } = await inside(
      sandbox,
      python(
        'import socket\nprint(socket.gethostbyname("localhost"))\ntry: print(socket.getaddrinfo("example.com", 80))\nexcept OSError: print("no")',
      ),
    )
    expect(out).toBe('127.0.0.1\nno\n')
  })

  it('has no interface but its own loopback, and no family of sockets that reaches past it', async () => {
    const sandbox = await opened()
    const attack = python(
      'import socket\nprint(open("/proc/net/dev").read().count(":"))\nfor family in (16, 17, 38, 40, 44):\n  try: socket.socket(family, socket.SOCK_RAW if family in (16, 17) else socket.SOCK_STREAM); print("made", family)\n  except OSError: pass\nsocket.socketpair(); socket.socket().bind(("127.0.0.1", 0)); print("own")',
    )
    expect((await inside(sandbox, attack)).out).toBe('1\nown\n')
  })

  it('hears nothing of another sandbox', async () => {
    const one = await opened()
    const serve = one.start({
      argv: python(
        'import socket, time\ns = socket.socket(); s.bind(("127.0.0.1", 5555)); s.listen()\na = socket.socket(socket.AF_UNIX); a.bind("\\0antiphon-between"); a.listen()\nprint("up", flush=True); time.sleep(30)',
      ),
    })
    await new Promise((resolve) => serve.stdout.once('data', resolve))
    const other = await opened()
    for (const sandbox of [other, one]) {
      expect((await inside(sandbox, python(CONNECT, 'tcp', '127.0.0.1', '5555'))).out).toMatch(/^refused/)
      expect((await inside(sandbox, python(CONNECT, 'unix', '@antiphon-between'))).out).toMatch(/^refused/)
    }
  })
})
