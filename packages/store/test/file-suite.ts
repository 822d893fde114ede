// What files hold wherever they are kept.
import { createHash } from 'node:crypto'
import type { FileStore } from '@antiphon/store'
import fc from 'fast-check'
import { describe, expect, it, onTestFinished } from 'vitest'

export interface FilePlace {
  readonly name: string
  make(): Promise<{ open(): { files: FileStore; close(): Promise<void> }; end(): Promise<void> }>
  /** Cases of the property test. */
  readonly numRuns: number
}

const MIB = 1_024 * 1_024

/** Bytes that differ from place to place. */
export const patterned = (length: number): Uint8Array => {
  const bytes = new Uint8Array(length)
  for (let at = 0; at < length; at++) bytes[at] = (at * 31 + (at >> 10)) & 0xff
  return bytes
}

export async function* inPieces(bytes: Uint8Array, size = 70_000): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size)
}

export const whole = async (pieces: AsyncIterable<Uint8Array>): Promise<Buffer> => {
  const all: Uint8Array[] = []
  for await (const piece of pieces) all.push(Uint8Array.from(piece))
  return Buffer.concat(all)
}

const report = { tenant: 'a', filename: 'report.pdf', purpose: 'user_data' } as const

export const fileSuite = ({ name, make, numRuns }: FilePlace): void =>
  void describe(`files, ${name}`, () => {
    const fresh = async (): Promise<FileStore> => {
      const { open, end } = await make()
      const { files, close } = open()
      onTestFinished(async () => {
        await close()
        await end()
      })
      return files
    }

    it('come back as they were, whole and in parts', async () => {
      const files = await fresh()
      const bytes = patterned(2 * MIB + 12_345)
      const file = await files.put(
        { ...report, mimeType: 'application/pdf', expiresAt: Date.now() + 60_000 },
        inPieces(bytes),
      )
      expect(file).toMatchObject({
        ...report,
        mimeType: 'application/pdf',
        bytes: bytes.length,
        sha256: createHash('sha256').update(bytes).digest('hex'),
      })
      expect(file.id).toMatch(/^file-[0-9a-f]{32}$/)
      expect(await files.get('a', file.id)).toEqual(file)
      expect((await whole(files.read('a', file.id))).equals(bytes)).toBe(true)
      for (const [start, end] of [
        [0, 10],
        [MIB - 3, MIB + 3],
        [MIB, 2 * MIB],
        [2 * MIB + 12_340, 99 * MIB],
        [5, 5],
        [99 * MIB, 100 * MIB],
      ] as const)
        expect(
          (await whole(files.read('a', file.id, { start, end }))).equals(bytes.subarray(start, end)),
          `${start} to ${end}`,
        ).toBe(true)
    })

    it('of any length and pieces come back as they were', async () => {
      const files = await fresh()
      await fc.assert(
        fc.asyncProperty(
          fc.array(fc.constantFrom(0, 1, 1_000, MIB - 1, MIB, MIB + 1, 300_000), { maxLength: 4 }),
          fc.nat(3 * MIB),
          fc.nat(3 * MIB),
          async (sizes, one, other) => {
            const bytes = patterned(sizes.reduce((sum, size) => sum + size, 0))
            const file = await files.put(
              report,
              (async function* () {
                let at = 0
                for (const size of sizes) {
                  yield bytes.subarray(at, at + size)
                  at += size
                }
              })(),
            )
            const [start, end] = [Math.min(one, other), Math.max(one, other)]
            expect(
              (await whole(files.read('a', file.id, { start, end }))).equals(bytes.subarray(start, end)),
            ).toBe(true)
            expect(file.bytes).toBe(bytes.length)
            expect(await files.delete('a', file.id)).toBe(true)
          },
        ),
        { numRuns },
      )
      expect(await files.usage('a')).toEqual({ files: 0, bytes: 0 })
    })

    it('are not there for another tenant, by no way', async () => {
      const files = await fresh()
      const { id } = await files.put(report, inPieces(patterned(10)))
      expect(await files.get('b', id)).toBeUndefined()
      await expect(whole(files.read('b', id))).rejects.toMatchObject({ code: 'file_unknown' })
      expect(await files.delete('b', id)).toBe(false)
      expect(await files.list('b')).toEqual([])
      expect(await files.list('b', { after: id })).toBeUndefined()
      expect(await files.usage('b')).toEqual({ files: 0, bytes: 0 })
      await files.put({ ...report, tenant: 'b', id }, inPieces(patterned(20)))
      expect((await whole(files.read('a', id))).length).toBe(10)
      expect((await whole(files.read('b', id))).length).toBe(20)
    })

    it('are listed page by page, by what they are for, in both orders', async () => {
      const files = await fresh()
      const ids: string[] = []
      for (let n = 0; n < 7; n++) {
        const purpose = n % 2 === 0 ? 'user_data' : 'vision'
        const { id } = await files.put({ ...report, purpose, id: `file-${n}` }, inPieces(patterned(n)))
        ids.push(id)
      }
      const page = async (options: Parameters<FileStore['list']>[1]) =>
        (await files.list('a', options))?.map(({ id }) => id)
      expect(await page({ order: 'asc' })).toEqual(ids)
      expect(await page({})).toEqual([...ids].reverse())
      expect(await page({ order: 'asc', after: 'file-2', limit: 2 })).toEqual(['file-3', 'file-4'])
      expect(await page({ after: 'file-2' })).toEqual(['file-1', 'file-0'])
      expect(await page({ purpose: 'vision', order: 'asc' })).toEqual(['file-1', 'file-3', 'file-5'])
      expect(await page({ purpose: 'vision', order: 'asc', after: 'file-2' })).toEqual(['file-3', 'file-5'])
      expect(await page({ after: 'file-nowhere' })).toBeUndefined()
    })

    it('that are too large, or too many, leave nothing behind', async () => {
      const files = await fresh()
      const put = (bytes: number, limits: Parameters<FileStore['put']>[2]) =>
        files.put(report, inPieces(patterned(bytes)), limits)
      await expect(put(2 * MIB, { maxBytes: 2 * MIB - 1 })).rejects.toMatchObject({ code: 'file_too_large' })
      expect(await files.usage('a')).toEqual({ files: 0, bytes: 0 })
      await put(2 * MIB, { maxBytes: 2 * MIB, maxTenantBytes: 3 * MIB, maxTenantFiles: 1 })
      await expect(put(MIB + 1, { maxTenantBytes: 3 * MIB })).rejects.toMatchObject({ code: 'file_quota' })
      await expect(put(1, { maxTenantFiles: 1 })).rejects.toMatchObject({ code: 'file_quota' })
      expect(await files.usage('a')).toEqual({ files: 1, bytes: 2 * MIB })
      expect(await files.list('a')).toHaveLength(1)
      // Another tenant has room of its own.
      await files.put({ ...report, tenant: 'b' }, inPieces(patterned(MIB)), { maxTenantBytes: MIB })
    })

    it('that come at the same time do not pass the limit together', async () => {
      const files = await fresh()
      const puts = await Promise.allSettled(
        Array.from({ length: 6 }, () =>
          files.put(report, inPieces(patterned(MIB)), { maxTenantBytes: 3 * MIB, maxTenantFiles: 5 }),
        ),
      )
      const { bytes } = await files.usage('a')
      expect(bytes).toBeLessThanOrEqual(3 * MIB)
      expect(bytes / MIB).toBe(puts.filter(({ status }) => status === 'fulfilled').length)
    })

    it('cannot be found while they come, and leave nothing when the sender fails', async () => {
      const files = await fresh()
      let seen: unknown
      const broken = (async function* () {
        yield patterned(3 * MIB)
        seen = [await files.get('a', 'file-x'), await files.list('a')]
        throw new Error('The sender has gone.')
      })()
      await expect(files.put({ ...report, id: 'file-x' }, broken)).rejects.toThrow('The sender has gone.')
      expect(seen).toEqual([undefined, []])
      expect(await files.usage('a')).toEqual({ files: 0, bytes: 0 })
      await files.put({ ...report, id: 'file-x' }, inPieces(patterned(5)))
      await expect(files.put({ ...report, id: 'file-x' }, inPieces(patterned(5)))).rejects.toMatchObject({
        code: 'invalid_config',
      })
    })

    it('take labels that come behind them, and are not kept when those cannot be', async () => {
      const files = await fresh()
      const expiresAt = Date.now() + 60_000
      const { id } = await files.put(report, inPieces(patterned(9)), {}, () => ({
        purpose: 'vision',
        expiresAt,
      }))
      expect(await files.get('a', id)).toMatchObject({ purpose: 'vision', expiresAt, bytes: 9 })
      await expect(
        files.put(report, inPieces(patterned(9)), {}, () => {
          throw new Error('no such purpose')
        }),
      ).rejects.toThrow('no such purpose')
      expect(await files.usage('a')).toEqual({ files: 1, bytes: 9 })
    })

    it('are gone when they expire, also before anybody tidies up', async () => {
      const files = await fresh()
      const { id } = await files.put({ ...report, expiresAt: Date.now() - 1 }, inPieces(patterned(MIB + 1)))
      const { id: kept } = await files.put(report, inPieces(patterned(1)))
      expect(await files.get('a', id)).toBeUndefined()
      expect((await files.list('a'))?.map((file) => file.id)).toEqual([kept])
      await expect(whole(files.read('a', id))).rejects.toMatchObject({ code: 'file_unknown' })
      expect(await files.removeExpired()).toBe(1)
      expect(await files.removeExpired()).toBe(0)
      expect(await files.usage('a')).toEqual({ files: 1, bytes: 1 })
    })

    it('that are removed while they are read end with an error, not with less', async () => {
      const files = await fresh()
      const { id } = await files.put(report, inPieces(patterned(3 * MIB)))
      const reading = files.read('a', id)[Symbol.asyncIterator]()
      await reading.next()
      expect(await files.delete('a', id)).toBe(true)
      await expect(reading.next()).rejects.toMatchObject({ code: 'file_unknown' })
      expect(await files.delete('a', id)).toBe(false)
    })

    it('have any name', async () => {
      const files = await fresh()
      for (const filename of [
        '../../etc/passwd',
        'a\0b',
        'half \ud800',
        '\u202efdp.exe',
        'ü'.repeat(5_000),
        '',
      ]) {
        const { id } = await files.put({ ...report, filename }, inPieces(patterned(1)))
        const file = await files.get('a', id)
        expect([...(file?.filename ?? '-')].length).toBeLessThanOrEqual(255)
        expect(file?.filename).not.toMatch(/\0|\p{Surrogate}/u)
      }
      await expect(files.put({ ...report, tenant: '' }, inPieces(patterned(1)))).rejects.toMatchObject({
        code: 'invalid_config',
      })
      expect(await files.get('a', 'x'.repeat(10_000))).toBeUndefined()
      expect(await files.delete('a', '\0')).toBe(false)
    })
  })
