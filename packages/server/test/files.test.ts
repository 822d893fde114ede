// Files over HTTP: the official client, tenants, and forms as attackers send them.
import { request } from 'node:http'
import { setTimeout as pause } from 'node:timers/promises'
import { serve } from '@antiphon/server'
import { offline } from 'antiphon'
import OpenAI, { toFile } from 'openai'
import { describe, expect, it, onTestFinished } from 'vitest'
import { serving } from './serving.ts'

const MIB = 1_024 * 1_024

const KEYS = { a: 'key-of-a-1234567890', b: 'key-of-b-1234567890' }

/** A form as text, one array per part. */
const form = (
  parts: readonly (readonly [headers: string, body: string | Buffer])[],
  end = '--x--\r\n',
): Buffer =>
  Buffer.concat([
    ...parts.flatMap(([headers, body]) => [
      Buffer.from(`--x\r\n${headers}\r\n\r\n`, 'utf8'),
      Buffer.from(body as string),
      Buffer.from('\r\n'),
    ]),
    Buffer.from(end),
  ])

const FILE = 'Content-Disposition: form-data; name="file"; filename="a.txt"\r\nContent-Type: text/plain'
const field = (name: string): string => `Content-Disposition: form-data; name="${name}"`
const PURPOSE = [field('purpose'), 'user_data'] as const

const post = async (url: string, body: Buffer | ReadableStream, type = 'multipart/form-data; boundary=x') => {
  const answer = await fetch(`${url}/files`, {
    method: 'POST',
    headers: { 'content-type': type },
    body: body as ReadableStream,
    ...(body instanceof ReadableStream ? { duplex: 'half' } : {}),
  } as RequestInit)
  const told = (await answer.json()) as { error?: { message: string; code: string; param: string | null } }
  return { ...told, status: answer.status }
}

describe('files, by the official client', () => {
  it('are created, listed, read and deleted', async () => {
    const { openai } = await serving(offline())
    const bytes = Buffer.alloc(3 * MIB + 17, 'antiphon ')
    const created = await openai.files.create({
      file: await toFile(bytes, 'über/long name.txt', { type: 'text/plain' }),
      purpose: 'user_data',
      expires_after: { anchor: 'created_at', seconds: 3_600 },
    })
    expect(created).toMatchObject({
      object: 'file',
      bytes: bytes.length,
      filename: 'long name.txt',
      purpose: 'user_data',
      status: 'processed',
    })
    expect(created.expires_at).toBe(created.created_at + 3_600)
    expect(await openai.files.retrieve(created.id)).toEqual(created)
    const content = await openai.files.content(created.id)
    expect(Buffer.from(await content.arrayBuffer()).equals(bytes)).toBe(true)
    expect(content.headers.get('content-type')).toBe('application/octet-stream')
    expect(content.headers.get('x-content-type-options')).toBe('nosniff')
    expect(await openai.files.delete(created.id)).toEqual({ id: created.id, object: 'file', deleted: true })
    await expect(openai.files.retrieve(created.id)).rejects.toMatchObject({ status: 404 })
    await expect(openai.files.delete(created.id)).rejects.toMatchObject({ status: 404 })
    await expect(openai.files.content(created.id)).rejects.toMatchObject({ status: 404 })
  })

  it('come as a stream, empty, and with names of any letters', async () => {
    const { openai } = await serving(offline(), { store: ':memory:' })
    async function* pieces() {
      for (let n = 0; n < 40; n++) yield Buffer.alloc(100_000, n)
    }
    const streamed = await openai.files.create({
      file: await toFile(pieces(), 'résumé 日本.txt'),
      purpose: 'assistants',
    })
    expect(streamed).toMatchObject({ bytes: 4_000_000, filename: 'résumé 日本.txt' })
    const empty = await openai.files.create({
      file: await toFile(Buffer.alloc(0), 'empty'),
      purpose: 'vision',
    })
    expect(empty.bytes).toBe(0)
    expect(await (await openai.files.content(empty.id)).text()).toBe('')
    const read = Buffer.from(await (await openai.files.content(streamed.id)).arrayBuffer())
    expect([read.length, read[0], read[3_999_999]]).toEqual([4_000_000, 0, 39])
  })

  it('come and go by `fetch` alone, too', async () => {
    const server = serve(offline(), { store: 'memory' })
    onTestFinished(() => server.close())
    const sent = new FormData()
    sent.set('file', new Blob(['hello']), 'a.txt')
    sent.set('purpose', 'user_data')
    const created = await server.fetch(new Request('http://x/v1/files', { method: 'POST', body: sent }))
    const { id } = (await created.json()) as { id: string }
    const content = await server.fetch(new Request(`http://x/v1/files/${id}/content`))
    expect([created.status, await content.text()]).toEqual([200, 'hello'])
    expect((await server.fetch(new Request('http://x/v1/files?purpose=a%00b'))).status).toBe(400)
  })

  it('are listed page by page', async () => {
    const { openai, url } = await serving(offline())
    const ids: string[] = []
    for (let n = 0; n < 5; n++) {
      const purpose = n === 2 ? 'vision' : 'user_data'
      ids.push((await openai.files.create({ file: await toFile(Buffer.from('x'), `${n}`), purpose })).id)
      await pause(2)
    }
    const all: string[] = []
    for await (const { id } of openai.files.list({ limit: 2, order: 'asc' })) all.push(id)
    expect(all).toEqual(ids)
    const page = await openai.files.list({ purpose: 'vision' })
    expect(page.data.map(({ id }) => id)).toEqual([ids[2]])
    expect(page.has_more).toBe(false)
    for (const query of ['limit=0', 'limit=x', 'order=up', 'after=file-none', 'colour=red'])
      expect((await fetch(`${url}/files?${query}`)).status, query).toBe(400)
  })

  it('are not there for another tenant', async () => {
    const { url } = await serving(offline(), { keys: KEYS })
    const of = (apiKey: string) => new OpenAI({ baseURL: url, apiKey, maxRetries: 0 })
    const [a, b] = [of(KEYS.a), of(KEYS.b)]
    const { id } = await a.files.create({
      file: await toFile(Buffer.from('mine'), 'x'),
      purpose: 'user_data',
    })
    for (const ask of [() => b.files.retrieve(id), () => b.files.content(id), () => b.files.delete(id)])
      await expect(ask()).rejects.toMatchObject({
        status: 404,
        message: expect.stringContaining('No such File'),
      })
    expect((await b.files.list()).data).toEqual([])
    await expect(b.files.list({ after: id })).rejects.toMatchObject({ status: 400 })
    expect(await (await a.files.content(id)).text()).toBe('mine')
  })
})

describe('forms that are sent as files', () => {
  it('are refused with what is wrong with them, and nothing is kept', async () => {
    const { url, openai } = await serving(offline())
    const whole = form([[FILE, 'hello'], PURPOSE])
    expect((await post(url, whole)).status).toBe(200)
    const cases: Record<string, [Buffer, number, string?, string?]> = {
      json: [Buffer.from('{}'), 415, 'application/json'],
      'no boundary': [whole, 400, 'multipart/form-data'],
      'another boundary': [whole, 400, 'multipart/form-data; boundary=y'],
      empty: [Buffer.alloc(0), 400],
      'cut within the file': [whole.subarray(0, 100), 400],
      'cut within the headers': [whole.subarray(0, 30), 400],
      'cut behind the file': [form([[FILE, 'hello']], ''), 400],
      'no file': [form([PURPOSE]), 400, undefined, 'file'],
      'no purpose': [form([[FILE, 'x']]), 400, undefined, 'purpose'],
      'another purpose': [
        form([
          [FILE, 'x'],
          [field('purpose'), 'harm'],
        ]),
        400,
        undefined,
        'purpose',
      ],
      'two files': [form([[FILE, 'x'], [FILE, 'y'], PURPOSE]), 400, undefined, 'file'],
      'another name': [form([[FILE.replace('"file"', '"data"'), 'x'], PURPOSE]), 400, undefined, 'file'],
      'purpose twice': [form([PURPOSE, PURPOSE, [FILE, 'x']]), 400, undefined, 'purpose'],
      'unknown field': [form([[FILE, 'x'], PURPOSE, [field('colour'), 'red']]), 400, undefined, 'colour'],
      'long field': [
        form([
          [field('purpose'), 'x'.repeat(100_000)],
          [FILE, 'x'],
        ]),
        400,
      ],
      'many fields': [
        form([...Array.from({ length: 60 }, (_, n) => [field(`f${n}`), '1'] as const), [FILE, 'x']]),
        400,
      ],
      'expires too soon': [
        form([
          [FILE, 'x'],
          PURPOSE,
          [field('expires_after[anchor]'), 'created_at'],
          [field('expires_after[seconds]'), '5'],
        ]),
        400,
        undefined,
        'expires_after.seconds',
      ],
      'expires never': [
        form([[FILE, 'x'], PURPOSE, [field('expires_after'), '[1']]),
        400,
        undefined,
        'expires_after',
      ],
      'nested form': [
        form([
          [
            'Content-Disposition: form-data; name="file"\r\nContent-Type: multipart/mixed; boundary=y',
            '--y--',
          ],
          PURPOSE,
        ]),
        400,
      ],
    }
    for (const [name, [body, status, type, param]] of Object.entries(cases)) {
      const told = await post(url, body, type)
      expect(told.status, `${name}: ${JSON.stringify(told)}`).toBe(status)
      expect(told.error?.message, name).toBeTruthy()
      if (param !== undefined) expect(told.error?.param, name).toBe(param)
    }
    expect((await openai.files.list()).data).toHaveLength(1)
  })

  it('with huge headers, or any number of parts, end soon', async () => {
    const { url, openai } = await serving(offline())
    const huge = form([[`${FILE}\r\nX-Long: ${'x'.repeat(2 * MIB)}`, 'x'], PURPOSE])
    expect((await post(url, huge)).status).toBeLessThan(500)
    const parts = form([...Array.from({ length: 20_000 }, () => ['X: y', ''] as const), [FILE, 'x'], PURPOSE])
    expect((await post(url, parts)).status).toBe(400)
    expect((await openai.files.list()).data.length).toBeLessThanOrEqual(1)
  })

  it('name files as they like: it is only a label', async () => {
    const { url, openai } = await serving(offline(), { store: ':memory:' })
    for (const filename of [
      '../../etc/passwd',
      'C:\\windows\\system.ini',
      '..',
      '',
      'a\\"b',
      '%2e%2e%2f',
      'x'.repeat(5_000),
    ]) {
      const disposition = FILE.replace('a.txt', filename)
      expect((await post(url, form([[disposition, 'x'], PURPOSE]))).status, filename).toBe(200)
    }
    for await (const { id, filename } of openai.files.list()) {
      expect(filename).not.toMatch(/[/\0\r\n]/)
      const { headers } = await openai.files.content(id).asResponse()
      expect(headers.get('content-disposition')).toMatch(/^attachment; filename\*=UTF-8''[^\s/"]*$/)
    }
  })

  it('that are too large are refused when that is known, and leave no byte', async () => {
    const { url, openai } = await serving(offline(), {
      maxUploadBytes: 2 * MIB,
      files: { maxTenantBytes: MIB, maxTenantFiles: 2 },
    })
    const large = form([[FILE, Buffer.alloc(3 * MIB)], PURPOSE])
    expect((await post(url, large)).status).toBe(413)
    const stream = new ReadableStream({
      start(controller) {
        controller.enqueue(large)
        controller.close()
      },
    })
    expect((await post(url, stream)).status).toBe(413)
    const quota = await post(url, form([[FILE, Buffer.alloc(1.5 * MIB)], PURPOSE]))
    expect(quota).toMatchObject({ status: 413, error: { code: 'storage_quota_exceeded' } })
    for (let n = 0; n < 2; n++) expect((await post(url, form([[FILE, 'x'], PURPOSE]))).status).toBe(200)
    expect(await post(url, form([[FILE, 'x'], PURPOSE]))).toMatchObject({
      error: { code: 'storage_quota_exceeded' },
    })
    expect((await openai.files.list()).data).toHaveLength(2)
  })

  /** An upload that is begun and never goes on: the status that ends it, and how its sender leaves. */
  const standing = (url: string) => {
    const sending = request(`${url}/files`, {
      method: 'POST',
      headers: { 'content-type': 'multipart/form-data; boundary=x' },
    })
    const status = new Promise<number | undefined>((resolve) => {
      sending.on('response', (answer) => {
        answer.resume()
        resolve(answer.statusCode)
      })
      sending.on('error', () => resolve(undefined))
    })
    sending.write(`--x\r\n${FILE}\r\n\r\n${'hello'.repeat(20_000)}`)
    return { status, leave: () => sending.destroy() }
  }

  it('that stand still are ended', async () => {
    const { url } = await serving(offline(), { files: { uploadIdleMs: 100 } })
    expect(await Promise.all([standing(url).status, standing(url).status])).toEqual([408, 408])
    expect((await post(url, form([[FILE, 'x'], PURPOSE]))).status).toBe(200)
  })

  it('come only so many at once, and leave their place when their sender leaves', async () => {
    const { url, openai } = await serving(offline(), { files: { uploadsAtOnce: 1 } })
    const { leave } = standing(url)
    const status = async () => (await post(url, form([[FILE, 'x'], PURPOSE]))).status
    await expect.poll(status).toBe(429)
    const before = (await openai.files.list()).data.length
    leave()
    await expect.poll(status).toBe(200)
    expect((await openai.files.list()).data).toHaveLength(before + 1)
  })
})
