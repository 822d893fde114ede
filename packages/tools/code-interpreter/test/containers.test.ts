import { existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { describe, expect, it, onTestFinished } from 'vitest'
import { fileName } from '../src/containers/container-files.ts'
import { openContainers } from '../src/index.ts'
import { containersOf, textOf } from './with-containers.ts'

describe('containers', () => {
  it('are of their tenant alone', async () => {
    const containers = containersOf()
    const own = await containers.create('ada', { name: 'mine' })
    expect(containers.find('ada', own.id)).toBe(own)
    expect(containers.find('bob', own.id)).toBe(undefined)
    expect(containers.find('ada"', own.id)).toBe(undefined)
    expect(containers.list('bob')).toEqual([])
    expect(await containers.delete('bob', own.id)).toBe(false)
    expect(containers.list('ada')).toEqual([own])
    expect(await containers.delete('ada', own.id)).toBe(true)
    expect(containers.find('ada', own.id)).toBe(undefined)
  })

  it('expire when nobody uses them, with their files', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'antiphon-test-'))
    onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
    const containers = containersOf({ folder, idleMinutes: 1 })
    const short = await containers.create('ada')
    const long = await containers.create('ada', { idleMinutes: 30 })
    await short.files.put('a', Buffer.from('x'))
    const [root] = readdirSync(folder)
    expect(readdirSync(join(folder, root!))).toHaveLength(2)
    await containers.sweep(Date.now() + 2 * 60_000)
    expect(containers.list('ada')).toEqual([long])
    expect(readdirSync(join(folder, root!))).toHaveLength(1)
    await containers.close()
    expect(existsSync(join(folder, root!))).toBe(false)
  })

  it('are bounded: those made for runs make room, those that were named do not', async () => {
    const containers = containersOf({ maxContainersPerTenant: 2, maxContainers: 3 })
    const named = await containers.create('ada', { name: 'named' })
    const auto = await containers.create('ada', { isAuto: true })
    const next = await containers.create('ada', { isAuto: true })
    expect(containers.list('ada')).toEqual([named, next])
    expect(containers.find('ada', auto.id)).toBe(undefined)
    await containers.delete('ada', next.id)
    const second = await containers.create('ada', { name: 'second' })
    await expect(containers.create('ada')).rejects.toMatchObject({ code: 'container_limit' })
    const others = await Promise.allSettled([containers.create('bob'), containers.create('bob')])
    expect(others.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected'])
    expect(containers.list('ada')).toEqual([named, second])
  })

  it('the same id asked for twice at once is one container', async () => {
    const containers = containersOf()
    const [a, b] = await Promise.all([
      containers.create('ada', { id: 'cntr_x' }),
      containers.create('ada', { id: 'cntr_x' }),
    ])
    expect(a).toBe(b)
    expect((await containers.create('bob', { id: 'cntr_x' })).tenant).toBe('bob')
  })

  it('JavaScript needs nothing installed: variables, files, errors', async () => {
    const containers = containersOf({ languages: ['javascript'], callTimeoutMs: 2_000 })
    const one = await containers.create('ada')
    await one.files.put('in.json', Buffer.from('{"a":[1,2]}'))
    await one.files.put('binary.bin', Buffer.from([0xff, 0xfe, 0x00]))
    expect(
      await one.run('var data = JSON.parse(readFile("in.json")); console.log(listFiles()); data.a.length'),
    ).toMatchObject({ end: 'ok', value: '2', logs: '[\n  "in.json"\n]\n' })
    const made = await one.run('writeFile("out.txt", data.a.join()); data')
    expect(made.files).toMatchObject([{ path: 'out.txt', source: 'assistant', bytes: 3 }])
    expect(await textOf(await one.files.read(made.files[0]!.id))).toBe('1,2')
    expect(await one.run('nothing')).toMatchObject({
      end: 'error',
      logs: expect.stringContaining('ReferenceError'),
    })
    expect(await one.run('while (true) {}')).toMatchObject({ end: 'timeout', notes: [] })
    expect((await one.run('data.a[1]')).value).toBe('2')
  })

  it('any label becomes a name that stays in its folder', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 300 }), (label) => {
        const name = fileName(label)
        expect(name).not.toMatch(/[/\\\0\n]/)
        expect(['', '.', '..']).not.toContain(name)
        expect(Buffer.byteLength(name)).toBeLessThanOrEqual(255)
      }),
    )
    expect(fileName('../../etc/passwd')).toBe('passwd')
  })

  it.each([
    [{ languages: [] }],
    [{ languages: ['ruby'] as never }],
    [{ memory: '2g' as never }],
    [{ callTimeoutMs: 0 }],
    [{ maxContainers: -1 }],
  ])('%j is a mistake that is told', (options) => {
    expect(() => openContainers(options)).toThrow(expect.objectContaining({ code: 'invalid_config' }))
  })
})
