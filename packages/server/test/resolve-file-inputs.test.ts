import type { InputItem } from '@antiphon/client'
import { type FileStore, memoryFiles } from '@antiphon/store'
import { describe, expect, it } from 'vitest'
import { resolveFileInputs } from '../src/files/resolve-file-inputs.ts'

const PNG = Buffer.from('89504e470d0a1a0a0000000d', 'hex')

const put = async (
  files: FileStore,
  filename: string,
  body: Uint8Array,
  mimeType?: string,
): Promise<string> => {
  const content = (async function* () {
    yield body
  })()
  const file = {
    tenant: 'a',
    filename,
    purpose: 'user_data',
    ...(mimeType === undefined ? {} : { mimeType }),
  }
  return (await files.put(file, content)).id
}

const message = (...content: object[]): InputItem => ({ type: 'message', role: 'user', content }) as InputItem
const bounds = { maxInputBytes: 1_000 }

describe('files that items refer to', () => {
  it('are put in, and everything else stays the very same', async () => {
    const files = memoryFiles()
    const pdf = await put(files, 'r.pdf', Buffer.from('%PDF-1.7'), 'application/octet-stream')
    const png = await put(files, 'p.bin', PNG)
    const plain = message({ type: 'input_text', text: 'hello' })
    const items = [
      plain,
      message({ type: 'input_file', file_id: pdf }, { type: 'input_image', file_id: png, detail: 'low' }),
      {
        type: 'function_call_output',
        call_id: 'c',
        output: [{ type: 'input_file', file_id: pdf }],
      } as InputItem,
      message(
        { type: 'input_file', file_data: 'data:,x', filename: 'x' },
        { type: 'input_image', image_url: 'https://x' },
      ),
    ]
    const before = structuredClone(items)
    const resolved = await resolveFileInputs(items, 'a', files, bounds)
    const file = {
      type: 'input_file',
      filename: 'r.pdf',
      file_data: `data:application/pdf;base64,${Buffer.from('%PDF-1.7').toString('base64')}`,
    }
    expect(resolved[0]).toBe(plain)
    expect(resolved[1]).toEqual(
      message(file, {
        type: 'input_image',
        detail: 'low',
        image_url: `data:image/png;base64,${PNG.toString('base64')}`,
      }),
    )
    expect(resolved[2]).toMatchObject({ output: [file] })
    expect(resolved[3]).toBe(items[3])
    expect(items).toEqual(before)
  })

  it('are refused when they are not there, another tenant’s, no image, or too large together', async () => {
    const files = memoryFiles()
    const text = await put(files, 't.png', Buffer.from('not an image'), 'image/png')
    const large = await put(files, 'l.bin', Buffer.alloc(600))
    const other = await put(files, 'm.bin', Buffer.alloc(600))
    const ask = (tenant: string, ...parts: object[]) =>
      resolveFileInputs([message(...parts)], tenant, files, bounds)
    await expect(ask('a', { type: 'input_file', file_id: 'file-no' })).rejects.toMatchObject({
      status: 400,
      param: 'input[0].content[0].file_id',
    })
    await expect(ask('b', { type: 'input_file', file_id: large })).rejects.toMatchObject({ status: 400 })
    await expect(ask('a', { type: 'input_image', file_id: text })).rejects.toMatchObject({
      code: 'invalid_image',
    })
    const one = { type: 'input_file', file_id: large }
    await expect(ask('a', one, { type: 'input_file', file_id: other })).rejects.toMatchObject({
      code: 'input_files_too_large',
      param: 'input[0].content[1].file_id',
    })
    // One that is named twice counts once.
    expect(await ask('a', one, one)).toHaveLength(1)
  })
})
