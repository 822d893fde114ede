/** Files that requests refer to by `file_ids`: `store.files` of `@antiphon/store` is one. */
export interface FileSource {
  get(tenant: string, id: string): Promise<{ readonly filename: string; readonly bytes: number } | undefined>
  read(tenant: string, id: string): AsyncIterable<Uint8Array>
}

/** The bytes of a file, whole. Undefined when there is none, or it is larger than allowed. */
export const fileOf = async (
  source: FileSource,
  { tenant, id, maxBytes }: { readonly tenant: string; readonly id: string; readonly maxBytes: number },
): Promise<{ readonly filename: string; readonly content: Uint8Array } | undefined> => {
  const file = await source.get(tenant, id)
  if (file === undefined || file.bytes > maxBytes) return undefined
  const pieces: Uint8Array[] = []
  for await (const piece of source.read(tenant, id)) pieces.push(piece)
  return { filename: file.filename, content: Buffer.concat(pieces) }
}
