import { createHash } from 'node:crypto'
import { taken } from '../responses/keys.ts'
import { PIECE_BYTES, placesOf } from './file-pieces.ts'
import { labelled } from './file-row.ts'
import {
  DEFAULT_MAX_FILE_BYTES,
  type FileLimits,
  type FileStore,
  type FileUsage,
  type LateLabels,
  type NewFile,
  type StoredFile,
} from './file-store.ts'
import { overQuota, tooLarge, unknownFile } from './file-store-error.ts'

interface KeptFile {
  readonly file: StoredFile
  readonly body: Uint8Array
}

/** Files of a tenant, and how many bytes they have with those that are coming. */
interface Tenant {
  readonly files: Map<string, KeptFile>
  readonly coming: Set<string>
  bytes: number
}

/** Files in this process, gone with it: the same as those of a database. All of them lie in memory; bound them by `maxTenantBytes`. */
export const memoryFiles = (): FileStore => {
  const tenants = new Map<string, Tenant>()
  const tenantOf = (name: string): Tenant => {
    let tenant = tenants.get(name)
    if (tenant === undefined) {
      tenant = { files: new Map(), coming: new Set(), bytes: 0 }
      tenants.set(name, tenant)
    }
    return tenant
  }
  const find = (tenant: string, id: string): KeptFile | undefined => {
    const kept = tenants.get(tenant)?.files.get(id)
    const { expiresAt = Number.POSITIVE_INFINITY } = kept?.file ?? {}
    return expiresAt > Date.now() ? kept : undefined
  }
  const remove = (tenant: string, id: string): boolean => {
    const kept = tenants.get(tenant)?.files.get(id)
    if (kept === undefined) return false
    const of = tenantOf(tenant)
    of.files.delete(id)
    of.bytes -= kept.file.bytes
    return true
  }

  const put = async (
    given: NewFile,
    content: AsyncIterable<Uint8Array>,
    { maxBytes = DEFAULT_MAX_FILE_BYTES, maxTenantBytes, maxTenantFiles }: FileLimits = {},
    late: (createdAt: number) => LateLabels = () => ({}),
  ): Promise<StoredFile> => {
    const first = labelled(given)
    const { tenant, id, ...labels } = first
    let whole = first
    const of = tenantOf(tenant)
    if (of.files.has(id) || of.coming.has(id)) throw taken('a file', id)
    if (of.files.size + of.coming.size >= (maxTenantFiles ?? Number.POSITIVE_INFINITY))
      throw overQuota(labels.filename, `${maxTenantFiles} files`)
    of.coming.add(id)
    const createdAt = Date.now()
    const hash = createHash('sha256')
    const pieces: Uint8Array[] = []
    let bytes = 0
    try {
      for await (const piece of content) {
        if (bytes + piece.length > maxBytes) throw tooLarge(labels.filename, maxBytes)
        if (of.bytes + piece.length > (maxTenantBytes ?? Number.POSITIVE_INFINITY))
          throw overQuota(labels.filename, `${maxTenantBytes} bytes`)
        bytes += piece.length
        of.bytes += piece.length
        hash.update(piece)
        pieces.push(Uint8Array.from(piece))
      }
      whole = labelled({ ...first, ...late(createdAt) }) as typeof first
    } catch (error) {
      of.bytes -= bytes
      throw error
    } finally {
      of.coming.delete(id)
    }
    const file = { ...whole, bytes, sha256: hash.digest('hex'), createdAt }
    of.files.set(id, { file, body: Buffer.concat(pieces) })
    return file
  }

  return {
    put,
    get: async (tenant, id) => find(tenant, id)?.file,
    async *read(tenant, id, { start, end } = {}) {
      const kept = find(tenant, id)
      if (kept === undefined) throw unknownFile(id)
      for (const place of placesOf(kept.file.bytes, start, end)) {
        if (find(tenant, id) !== kept) throw unknownFile(id)
        yield kept.body.subarray(place.n * PIECE_BYTES + place.start, place.n * PIECE_BYTES + place.end)
      }
    },
    async list(tenant, { purpose, order = 'desc', after, limit = 100 } = {}) {
      if (after !== undefined && find(tenant, after) === undefined) return undefined
      const all = [...(tenants.get(tenant)?.files.values() ?? [])]
        .map(({ file }) => file)
        .filter(({ id }) => find(tenant, id) !== undefined)
        .sort((a, b) => a.createdAt - b.createdAt || (a.id < b.id ? -1 : 1))
      if (order === 'desc') all.reverse()
      const from = all.findIndex(({ id }) => id === after) + 1
      return all
        .slice(from)
        .filter((file) => purpose === undefined || file.purpose === purpose)
        .slice(0, limit)
    },
    delete: async (tenant, id) => find(tenant, id) !== undefined && remove(tenant, id),
    async usage(tenant): Promise<FileUsage> {
      const of = tenants.get(tenant)
      return { files: (of?.files.size ?? 0) + (of?.coming.size ?? 0), bytes: of?.bytes ?? 0 }
    },
    async removeExpired(now = Date.now()) {
      let expired = 0
      for (const [tenant, { files }] of tenants)
        for (const [id, { file }] of files)
          if ((file.expiresAt ?? Number.POSITIVE_INFINITY) <= now && remove(tenant, id)) expired += 1
      return expired
    },
  }
}
