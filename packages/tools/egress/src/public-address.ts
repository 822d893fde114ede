import { parseAddress } from './parse-address.ts'

interface Range {
  readonly bytes: Uint8Array
  readonly bits: number
}

const range = (text: string): Range => {
  const [address = '', bits] = text.split('/')
  const bytes = parseAddress(address)
  if (bytes === undefined) throw new TypeError(`${text} is no range of addresses.`)
  return { bytes, bits: Number(bits) }
}

/** What does not lie in the public internet, after IANA's registries of special-purpose addresses. */
const NOT_PUBLIC_4 = [
  '0.0.0.0/8', // this host
  '10.0.0.0/8', // private
  '100.64.0.0/10', // carrier-grade NAT; 100.100.100.200 is Alibaba's metadata
  '127.0.0.0/8', // loopback
  '168.63.129.16/32', // Azure's platform, reachable from inside only
  '169.254.0.0/16', // link-local; 169.254.169.254 is most clouds' metadata
  '172.16.0.0/12', // private
  '192.0.0.0/24', // protocol assignments; 192.0.0.192 is Oracle's metadata
  '192.0.2.0/24', // documentation
  '192.88.99.0/24', // 6to4 relays
  '192.168.0.0/16', // private
  '198.18.0.0/15', // benchmarks
  '198.51.100.0/24', // documentation
  '203.0.113.0/24', // documentation
  '224.0.0.0/4', // multicast
  '240.0.0.0/4', // reserved, and broadcast
].map(range)

const GLOBAL_6 = range('2000::/3')

const NOT_PUBLIC_6 = [
  '2001::/23', // protocol assignments; Teredo, which carries an IPv4 address
  '2001:db8::/32', // documentation
  '2002::/16', // 6to4, which carries an IPv4 address
  '3ffe::/16', // given back
  '3fff::/20', // documentation
].map(range)

const MAPPED = range('::ffff:0:0/96')
const NAT64 = range('64:ff9b::/96')

/**
 * True for an IP address of the public internet.
 *
 * False for loopback, private, link-local, metadata, multicast, reserved and documentation addresses, and for what is no address. An IPv4 address inside an
 * IPv6 one (mapped, NAT64) counts as itself; other ways to carry one are refused.
 */
export const isPublicAddress = (ip: string): boolean => {
  const bytes = parseAddress(ip)
  if (bytes === undefined) return false
  if (bytes.length === 4) return isPublic4(bytes)
  if (isWithin(bytes, MAPPED) || isWithin(bytes, NAT64)) return isPublic4(bytes.subarray(12))
  return isWithin(bytes, GLOBAL_6) && !NOT_PUBLIC_6.some((one) => isWithin(bytes, one))
}

/** True for an address of this machine's loopback, mapped ones included. */
export const isLoopbackAddress = (ip: string): boolean => {
  const bytes = parseAddress(ip)
  if (bytes === undefined) return false
  if (bytes.length === 4) return bytes[0] === 127
  if (isWithin(bytes, MAPPED)) return bytes[12] === 127
  return bytes[15] === 1 && bytes.subarray(0, 15).every((byte) => byte === 0)
}

const isPublic4 = (bytes: Uint8Array): boolean => !NOT_PUBLIC_4.some((one) => isWithin(bytes, one))

const isWithin = (bytes: Uint8Array, { bytes: prefix, bits }: Range): boolean => {
  const whole = bits >> 3
  for (let i = 0; i < whole; i++) if (bytes[i] !== prefix[i]) return false
  const rest = bits & 7
  return rest === 0 || ((bytes[whole] ?? 0) ^ (prefix[whole] ?? 0)) >> (8 - rest) === 0
}
