/** What files that are sent to the server may be, and take. */
export interface FileOptions {
  /** Bytes of all files of a tenant. @defaultValue 10 GiB; 256 MiB where the server keeps things in memory */
  readonly maxTenantBytes?: number
  /** Files of a tenant. @defaultValue 10,000 */
  readonly maxTenantFiles?: number
  /** Uploads of a tenant at the same time; more get a 429. @defaultValue 8 */
  readonly uploadsAtOnce?: number
  /** How long an upload may stand still, in milliseconds. @defaultValue 30,000 */
  readonly uploadIdleMs?: number
  /** Bytes of all files that one request refers to. @defaultValue 50 MiB */
  readonly maxInputBytes?: number
}

/** The same, with nothing left open. */
export type FileBounds = Required<FileOptions>

export const fileBounds = (options: FileOptions = {}, isInMemory = false): FileBounds => ({
  maxTenantBytes: (isInMemory ? 256 : 10_240) * 1_048_576,
  maxTenantFiles: 10_000,
  uploadsAtOnce: 8,
  uploadIdleMs: 30_000,
  maxInputBytes: 50 * 1_048_576,
  ...options,
})
