/** A file that is kept whole. The tenant is part of its key: what belongs to another one is not there. */
export interface StoredFile {
  readonly tenant: string
  /** Begins with `file-`. */
  readonly id: string
  /** A label, never a path: any text that the one who sent it chose. */
  readonly filename: string
  /** What it is for, in the wire's words: `user_data`, `assistants`, `vision`, … */
  readonly purpose: string
  /** As the one who sent it says; not checked. */
  readonly mimeType?: string
  /** Length in bytes. */
  readonly bytes: number
  /** SHA-256 of its bytes, in hex. */
  readonly sha256: string
  /** Milliseconds since 1970. */
  readonly createdAt: number
  /** From when on it is not there any more. Milliseconds since 1970. */
  readonly expiresAt?: number
}

/** A file that comes. */
export type NewFile = Pick<StoredFile, 'tenant' | 'filename' | 'purpose' | 'mimeType' | 'expiresAt'> & {
  /** @defaultValue a new one */
  readonly id?: string
}

/** What may be known of a file only when all of it is there, as a form may say it behind the file. */
export type LateLabels = Partial<Pick<StoredFile, 'purpose' | 'expiresAt'>>

/** What a file, and all files of its tenant together, may be at most. */
export interface FileLimits {
  /** Bytes of this file. @defaultValue 512 MiB */
  readonly maxBytes?: number
  /** Bytes of all files of the tenant, this one included. @defaultValue no limit */
  readonly maxTenantBytes?: number
  /** Files of the tenant, this one included. @defaultValue no limit */
  readonly maxTenantFiles?: number
}

/** `maxBytes`, when nothing is said. */
export const DEFAULT_MAX_FILE_BYTES = 512 * 1_024 * 1_024

/** Which files are asked for. */
export interface FileListOptions {
  readonly purpose?: string
  /** By when they were made. @defaultValue 'desc', the newest first */
  readonly order?: 'asc' | 'desc'
  /** Id of the file behind which the list begins. */
  readonly after?: string
  /** @defaultValue 100 */
  readonly limit?: number
}

/** Which bytes are asked for: from `start` up to, and without, `end`. */
export interface FileRange {
  /** @defaultValue 0 */
  readonly start?: number
  /** @defaultValue the end of the file */
  readonly end?: number
}

/** What a tenant has. */
export interface FileUsage {
  readonly files: number
  readonly bytes: number
}

/** Files within a tenant. None is ever in memory whole, neither when it is written nor when it is read. */
export interface FileStore {
  /**
   * Keeps what comes. It can be found when all of it is there; when the source fails nothing is kept.
   *
   * @param late - asked when the content is over, with the time at which the file began to come; when it throws nothing is kept
   * @throws FileStoreError `file_too_large`, `file_quota`; ConfigError `invalid_config` for a tenant or an id that cannot be kept, or that is there already; what the source or `late` throws.
   */
  put(
    file: NewFile,
    content: AsyncIterable<Uint8Array>,
    limits?: FileLimits,
    late?: (createdAt: number) => LateLabels,
  ): Promise<StoredFile>
  get(tenant: string, id: string): Promise<StoredFile | undefined>
  /**
   * The bytes, in pieces of at most 1 MiB.
   *
   * @throws FileStoreError `file_unknown` at the first piece when it is not there, or later when it is removed meanwhile.
   */
  read(tenant: string, id: string, range?: FileRange): AsyncIterable<Uint8Array>
  /** Files in the order in which they were made. Undefined when `after` is no file of the tenant. */
  list(tenant: string, options?: FileListOptions): Promise<StoredFile[] | undefined>
  /** False when there was none. */
  delete(tenant: string, id: string): Promise<boolean>
  usage(tenant: string): Promise<FileUsage>
  /** Removes files that have expired, and what is left of uploads and removals of processes that are gone; of all tenants. Returns how many files have expired. */
  removeExpired(now?: number): Promise<number>
}
