import { WireRefusal } from 'antiphon'
import type { z } from 'zod'

/** What requests about vector stores are refused with. What belongs to somebody else is refused as what is not there. */
export const refuse = {
  noStore: (id: string): WireRefusal =>
    new WireRefusal(404, `Vector store with id '${shown(id)}' not found.`, { param: 'vector_store_id' }),
  noFile: (id: string): WireRefusal =>
    new WireRefusal(404, `No file found with id '${shown(id)}' in this vector store.`, { param: 'file_id' }),
  noBatch: (id: string): WireRefusal =>
    new WireRefusal(404, `No file batch found with id '${shown(id)}' in this vector store.`, {
      param: 'batch_id',
    }),
  noSuchUpload: (id: string, param: string): WireRefusal =>
    new WireRefusal(404, `No such File object: ${shown(id)}`, { param }),
  expired: (id: string): WireRefusal =>
    new WireRefusal(404, `Vector store '${shown(id)}' has expired. Make a new one.`, {
      param: 'vector_store_id',
      code: 'vector_store_expired',
    }),
  tooMany: (what: string, most: number): WireRefusal =>
    new WireRefusal(400, `There are ${most} ${what} already, and no more may be. Delete some first.`, {
      code: 'limit_exceeded',
    }),
  cursor: (id: string, param: string): WireRefusal =>
    new WireRefusal(400, `No entry with id '${shown(id)}' in this list.`, { param, code: 'invalid_value' }),
  value: (param: string, message: string): WireRefusal =>
    new WireRefusal(400, message, { param, code: 'invalid_value' }),
}

const shown = (text: string): string => text.slice(0, 100)

/**
 * A value as the schema has it.
 *
 * @throws WireRefusal 400 that names the first field at fault.
 */
export const checked = <T extends z.ZodType>(schema: T, value: unknown): z.infer<T> => {
  const read = schema.safeParse(value)
  if (read.success) return read.data
  const [issue] = read.error.issues
  const unknown = issue?.code === 'unrecognized_keys' ? issue.keys[0] : undefined
  const path = [...(issue?.path ?? []), ...(unknown === undefined ? [] : [unknown])]
  const param = path
    .map((key, n) => (typeof key === 'number' ? `[${key}]` : n === 0 ? String(key) : `.${String(key)}`))
    .join('')
    .slice(0, 200)
  throw new WireRefusal(
    400,
    unknown === undefined
      ? `Invalid value${param === '' ? '' : ` for '${param}'`}: ${issue?.message ?? 'not as expected'}.`
      : `Unknown parameter: '${param}'.`,
    {
      param: param === '' ? null : param,
      code: unknown === undefined ? 'invalid_value' : 'unknown_parameter',
    },
  )
}
