import { isIP } from 'node:net'

/** Reads a textual IP address into its bytes: 4 or 16. Undefined for what is none, also for one with a zone. */
export const parseAddress = (ip: string): Uint8Array | undefined => {
  const family = ip.includes('%') ? 0 : isIP(ip)
  if (family === 4) return Uint8Array.from(ip.split('.'), Number)
  return family === 6 ? parseSix(ip) : undefined
}

const parseSix = (ip: string): Uint8Array => {
  const [head = '', tail] = ip.split('::')
  const front = groups(head)
  const back = tail === undefined ? [] : groups(tail)
  const words = [...front, ...new Array<number>(8 - front.length - back.length).fill(0), ...back]
  return Uint8Array.from(words.flatMap((word) => [word >> 8, word & 0xff]))
}

const groups = (text: string): number[] =>
  text === ''
    ? []
    : text.split(':').flatMap((group) => (group.includes('.') ? dotted(group) : [parseInt(group, 16)]))

const dotted = (text: string): [number, number] => {
  const [a = 0, b = 0, c = 0, d = 0] = text.split('.').map(Number)
  return [(a << 8) | b, (c << 8) | d]
}
