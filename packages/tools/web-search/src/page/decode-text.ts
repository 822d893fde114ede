/** How far into a page its own word about its charset is looked for, as browsers do. */
const HEAD_BYTES = 1_024

/** Decodes bytes by their mark, by the header, by what the page says of itself, and else as UTF-8. What is no character becomes U+FFFD. */
export const decodeText = (bytes: Uint8Array, contentType: string): string => {
  const label = markOf(bytes) ?? charsetIn(contentType) ?? charsetIn(head(bytes)) ?? 'utf-8'
  return decoderFor(label).decode(bytes)
}

const markOf = (bytes: Uint8Array): string | undefined => {
  const [a, b, c] = bytes
  if (a === 0xef && b === 0xbb && c === 0xbf) return 'utf-8'
  if (a === 0xfe && b === 0xff) return 'utf-16be'
  return a === 0xff && b === 0xfe ? 'utf-16le' : undefined
}

const charsetIn = (text: string): string | undefined =>
  /charset\s*=\s*["']?\s*([\w:.-]{1,40})/i.exec(text)?.[1]

const head = (bytes: Uint8Array): string => {
  const start = Buffer.from(bytes.subarray(0, HEAD_BYTES)).toString('latin1')
  // In a plain text the word stands for nothing.
  return /<meta|<\?xml/i.test(start) ? start.replace(/encoding\s*=/i, 'charset=') : ''
}

const decoderFor = (label: string): InstanceType<typeof TextDecoder> => {
  try {
    return new TextDecoder(label)
  } catch {
    return new TextDecoder() // a label that nobody knows
  }
}
