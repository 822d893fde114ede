import type { InputItem } from '@antiphon/client'
import { type FileStore, memoryFiles } from '@antiphon/store'
import { scripted } from 'antiphon/testing'
import { toFile } from 'openai'
import { describe, expect, it } from 'vitest'
import { resolveFileInputs } from '../src/files/resolve-file-inputs.ts'
import { serving } from './serving.ts'

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

  it('that earlier items refer to may be gone, and are told as gone', async () => {
    const items = [
      message({ type: 'input_file', file_id: 'file-old' }),
      message({ type: 'input_file', file_id: 'file-new' }),
    ]
    await expect(
      resolveFileInputs(items, 'a', memoryFiles(), { ...bounds, earlier: 1 }),
    ).rejects.toMatchObject({
      param: 'input[0].content[0].file_id',
    })
    const [old] = await resolveFileInputs(items.slice(0, 1), 'a', memoryFiles(), { ...bounds, earlier: 1 })
    expect(old).toMatchObject({ content: [{ type: 'input_text', text: expect.stringContaining('deleted') }] })
  })

  it('come to the model whole, and are stored by their ids', async () => {
    const model = scripted(['One.', 'Two.'])
    const { openai } = await serving(model)
    const file = await openai.files.create({
      file: await toFile(Buffer.from('%PDF-1.7'), 'r.pdf'),
      purpose: 'user_data',
    })
    const part = { type: 'input_file' as const, file_id: file.id }
    const input = [{ role: 'user' as const, content: [part] }]
    const asked = { model: 'scripted', input }
    const first = await openai.responses.create({
      ...asked,
      model: (await openai.models.list()).data[0]?.id ?? '',
    })
    const whole = `data:application/pdf;base64,${Buffer.from('%PDF-1.7').toString('base64')}`
    expect(JSON.stringify(model.requests[0])).toContain(whole)
    const kept = await openai.responses.inputItems.list(first.id)
    expect(JSON.stringify(kept.data)).toContain(file.id)
    expect(JSON.stringify(kept.data)).not.toContain('base64')
    await openai.files.delete(file.id)
    await openai.responses.create({
      ...asked,
      model: first.model,
      previous_response_id: first.id,
      input: 'And?',
    })
    expect(JSON.stringify(model.requests[1])).toContain('has been deleted')
    await expect(openai.responses.create({ ...asked, model: first.model })).rejects.toMatchObject({
      status: 400,
      param: 'input[0].content[0].file_id',
    })
  })
})
