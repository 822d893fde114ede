import type { LookupAddress } from 'node:dns'
import { isIP, type LookupFunction } from 'node:net'

/**
 * A `lookup` for `node:net` that answers with the given addresses, whatever is asked: what was checked is what is connected to.
 *
 * Without it the name would be looked up again, and a server of names may answer differently the second time.
 */
export const pinnedLookup = (addresses: readonly string[]): LookupFunction => {
  const entries: LookupAddress[] = addresses.map((address) => ({ address, family: isIP(address) }))
  return (hostname, { all, family }, callback) => {
    const wanted = family === 4 || family === 'IPv4' ? 4 : family === 6 || family === 'IPv6' ? 6 : 0
    const found = wanted === 0 ? entries : entries.filter((entry) => entry.family === wanted)
    const [first] = found
    // Asynchronous, as every look-up is.
    queueMicrotask(() => {
      if (first === undefined)
        callback(Object.assign(new Error(`${hostname} has no checked address.`), { code: 'ENOTFOUND' }), [])
      else if (all) callback(null, found)
      else callback(null, first.address, first.family)
    })
  }
}
