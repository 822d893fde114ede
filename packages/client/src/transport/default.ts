import { fetchTransport } from './fetch.ts'
import type { Transport } from './transport.ts'
import { undiciTransport } from './undici.ts'
import { canLoadUndici } from './undici-client.ts'

let chosen: Transport | undefined

const onNode = (): boolean =>
  typeof process === 'object' &&
  process.release?.name === 'node' &&
  typeof process.getBuiltinModule === 'function' &&
  process.versions.bun === undefined &&
  !('Deno' in globalThis)

/** The transport of this runtime: undici on Node where it is installed, `fetch` elsewhere. */
export const defaultTransport = (): Transport => {
  chosen ??= onNode() && canLoadUndici() ? undiciTransport() : fetchTransport()
  return chosen
}
