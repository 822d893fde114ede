import { execFile } from 'node:child_process'
import { chmod, mkdir, readFile, rename, rm, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { describe, expect, it } from 'vitest'
import { listBeneath, openBeneath, removeBeneath, writeBeneath } from '../src/index.ts'
import { folder, inside, missing, needs, opened, python } from './with-sandbox.ts'

const execute = promisify(execFile)
const onLinux = process.platform === 'linux'

const contentOf = async (root: string, path: string): Promise<string> => {
  const file = await openBeneath(root, path)
  try {
    return await file.readFile('utf8')
  } finally {
    await file.close()
  }
}

describe.skipIf(!onLinux)(
  `files that a sandbox made, read by us${onLinux ? '' : ' (skipped: needs Linux)'}`,
  () => {
    it('links are not followed, at no place of the path', async () => {
      const outer = await folder()
      const root = join(outer, 'root')
      await mkdir(join(root, 'sub'), { recursive: true })
      await mkdir(join(outer, 'secret'))
      await writeFile(join(outer, 'secret/file'), 'host')
      await writeFile(join(root, 'sub/file'), 'own')
      await symlink(join(outer, 'secret/file'), join(root, 'absolute'))
      await symlink('../../secret/file', join(root, 'sub/relative'))
      await symlink(join(outer, 'secret'), join(root, 'folder'))
      await symlink('sub', join(root, 'inner'))
      expect(await readFile(join(root, 'absolute'), 'utf8')).toBe('host')
      expect(await contentOf(root, 'sub/file')).toBe('own')
      for (const path of [
        'absolute',
        'sub/relative',
        'folder/file',
        'inner/file',
        '../secret/file',
        'sub/../../secret/file',
        '/etc/passwd',
        '',
        '.',
        'sub',
        'sub//file',
        'a\0b',
      ])
        await expect(contentOf(root, path)).rejects.toMatchObject({ code: 'sandbox_file_refused' })
      await expect(contentOf(root, 'nothing')).rejects.toMatchObject({ code: 'ENOENT' })
      expect((await listBeneath(root)).files.map(({ path }) => path)).toEqual(['sub/file'])
    })

    it('what we write takes the place of a link, and never its target', async () => {
      const outer = await folder()
      const root = join(outer, 'root')
      await mkdir(join(outer, 'secret'))
      await mkdir(root)
      await writeFile(join(outer, 'secret/file'), 'host')
      await symlink('../secret/file', join(root, 'link'))
      await symlink('../secret', join(root, 'folder'))
      await writeBeneath(root, 'link', Buffer.from('new'))
      await writeBeneath(root, 'folder', Buffer.from('new'))
      for (const name of ['link', 'folder']) expect(await contentOf(root, name)).toBe('new')
      expect(await readFile(join(outer, 'secret/file'), 'utf8')).toBe('host')
      await mkdir(join(root, 'real'))
      for (const name of ['../x', 'a/b', '..', '', 'real'])
        await expect(writeBeneath(root, name, Buffer.from('x'))).rejects.toMatchObject({
          code: 'sandbox_file_refused',
        })
      await symlink('../secret', join(root, 'again'))
      await expect(removeBeneath(root, 'again/file')).rejects.toMatchObject({ code: 'sandbox_file_refused' })
      await removeBeneath(root, 'again')
      expect(await readFile(join(outer, 'secret/file'), 'utf8')).toBe('host')
    })

    it('a pipe does not hold us', async () => {
      const root = await folder()
      await execute('mkfifo', [join(root, 'pipe')])
      await expect(contentOf(root, 'pipe')).rejects.toMatchObject({ code: 'sandbox_file_refused' })
      expect(await listBeneath(root)).toEqual({ files: [], isCut: false })
    })

    it('a folder that becomes a link between two looks leads nowhere', async () => {
      const outer = await folder()
      const root = join(outer, 'root')
      await mkdir(join(root, 'a'), { recursive: true })
      await writeFile(join(root, 'a/file'), 'own')
      await mkdir(join(outer, 'secret'))
      await writeFile(join(outer, 'secret/file'), 'host')
      await symlink(join(outer, 'secret'), join(root, 'evil'))
      let isOver = false
      const swapping = (async () => {
        while (!isOver) {
          await rename(join(root, 'a'), join(root, 'b'))
          await rename(join(root, 'evil'), join(root, 'a'))
          await rename(join(root, 'a'), join(root, 'evil'))
          await rename(join(root, 'b'), join(root, 'a'))
        }
      })()
      const seen = new Set<string>()
      for (let round = 0; round < 500; round += 1)
        await contentOf(root, 'a/file').then(
          (text) => seen.add(text),
          (error: { code: string }) => seen.add(error.code),
        )
      isOver = true
      await swapping
      expect(seen).toContain('own')
      expect(seen).not.toContain('host')
    })

    it('a deep or a wide tree is cut', async () => {
      const root = await folder()
      await mkdir(join(root, Array(40).fill('d').join('/')), { recursive: true })
      await writeFile(join(root, Array(40).fill('d').join('/'), 'deep'), '')
      for (let index = 0; index < 30; index += 1) await writeFile(join(root, `f${index}`), '')
      expect((await listBeneath(root, { maxFiles: 10 })).files).toHaveLength(10)
      expect(await listBeneath(root, { maxFiles: 100 })).toMatchObject({ isCut: true })
      expect((await listBeneath(root, { maxDepth: 50 })).files).toHaveLength(31)
    })
  },
)

describe.skipIf(missing !== undefined)(`what one sandbox leaves to the next${needs}`, () => {
  it('neither files in /tmp, nor shared memory, nor processes, not even in the same sandbox', async () => {
    const one = await opened()
    const leave =
      'echo secret > /tmp/left; echo secret > /dev/shm/left; setsid sleep 300 >/dev/null 2>&1 & sleep 0.2; ls /tmp /dev/shm'
    expect((await inside(one, ['/bin/sh', '-c', leave])).out).toContain('left')
    const two = await opened()
    for (const sandbox of [one, two])
      expect(
        (await inside(sandbox, ['/bin/sh', '-c', 'ls -A /tmp /dev/shm; ps -e -o comm= | grep sleep'])).out,
      ).toBe('/dev/shm:\n\n/tmp:\n')
  })

  it('a link out of the workspace leads nowhere inside', async () => {
    const outer = await folder()
    await chmod(outer, 0o711)
    await writeFile(join(outer, 'secret'), 'host')
    await mkdir(join(outer, 'work'))
    await symlink('../secret', join(outer, 'work/relative'))
    await symlink(join(outer, 'secret'), join(outer, 'work/absolute'))
    expect(await readFile(join(outer, 'work/relative'), 'utf8')).toBe('host')
    const sandbox = await opened({
      mounts: [{ hostPath: join(outer, 'work'), path: '/work', writable: true, handOver: true }],
    })
    for (const name of ['relative', 'absolute'])
      expect((await inside(sandbox, ['/bin/cat', `/work/${name}`])).out).toBe('')
  })

  it('a link that it made is not followed by us, and its file is', async () => {
    const root = await folder()
    const sandbox = await opened({
      mounts: [{ hostPath: root, path: '/work', writable: true, handOver: true }],
    })
    const make =
      'cd /work; echo fine > good; ln -s /etc/passwd evil; ln -s / slash; mkfifo pipe; ln good hard; mkdir -p deep/er; echo x > deep/er/file'
    expect((await inside(sandbox, ['/bin/sh', '-c', make])).code).toBe(0)
    expect((await listBeneath(root)).files.map(({ path }) => path)).toEqual(['deep/er/file', 'good', 'hard'])
    await expect(contentOf(root, 'evil')).rejects.toMatchObject({ code: 'sandbox_file_refused' })
    await expect(contentOf(root, 'slash/etc/passwd')).rejects.toMatchObject({ code: 'sandbox_file_refused' })
    expect(await contentOf(root, 'good')).toBe('fine\n')
  })

  it('an archive that climbs out is unpacked inside', async () => {
    const root = await folder()
    const sandbox = await opened({
      mounts: [{ hostPath: root, path: '/work', writable: true, handOver: true }],
    })
    const attack = `
import io, tarfile, zipfile, os
os.chdir("/work")
with tarfile.open("evil.tar", "w") as t:
  for name in ("../../../../tmp/antiphon-climbed", "/tmp/antiphon-climbed", "/usr/bin/antiphon-climbed"):
    i = tarfile.TarInfo(name); i.size = 1; t.addfile(i, io.BytesIO(b"x"))
  l = tarfile.TarInfo("link"); l.type = tarfile.SYMTYPE; l.linkname = "/usr/bin"; t.addfile(l)
  i = tarfile.TarInfo("link/antiphon-climbed"); i.size = 1; t.addfile(i, io.BytesIO(b"x"))
for member in tarfile.open("evil.tar").getmembers():
  try: tarfile.open("evil.tar").extract(member)
  except Exception as e: print(type(e).__name__)
print(os.path.exists("/tmp/antiphon-climbed"))
`
    const { out } = await inside(sandbox, python(attack))
    expect(out).toContain('True')
    for (const path of ['/tmp/antiphon-climbed', '/usr/bin/antiphon-climbed'])
      await expect(readFile(path)).rejects.toThrow()
    await rm(join(root, 'evil.tar'), { force: true })
  })
})
