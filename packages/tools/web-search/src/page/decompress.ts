import { promisify } from 'node:util'
import { brotliDecompress, gunzip, inflate } from 'node:zlib'
import { WebSearchError } from '../web-search-error.ts'

/** What is asked for in `accept-encoding`. */
export const ENCODINGS = 'gzip, br, deflate'

const DECODERS = {
  gzip: promisify(gunzip),
  'x-gzip': promisify(gunzip),
  deflate: promisify(inflate),
  br: promisify(brotliDecompress),
}

/** The body without its `content-encoding`, and no more than `maxBytes` of it, however small it came. */
export const decompress = async (
  body: Uint8Array,
  encoding: string | undefined,
  maxBytes: number,
): Promise<Uint8Array> => {
  const name = (encoding ?? '').trim().toLowerCase()
  if (name === '' || name === 'identity' || body.byteLength === 0) return body
  const decode = DECODERS[name as keyof typeof DECODERS]
  if (decode === undefined)
    throw new WebSearchError('page_unreadable', 'The page is compressed in a way that cannot be read.')
  try {
    return await decode(body, { maxOutputLength: maxBytes })
  } catch (cause) {
    const isLarge = (cause as { code?: unknown }).code === 'ERR_BUFFER_TOO_LARGE'
    throw new WebSearchError(
      'page_unreadable',
      isLarge ? `The page is larger than ${maxBytes} bytes.` : 'The page is compressed, and broken.',
      { cause },
    )
  }
}
