import type { InputItem } from '@antiphon/client'
import { pairingOf } from './pairing.ts'

/** Who an item comes from: somebody outside (`given`), the model (`made`), or a tool (`output`). */
export type ItemKind = 'given' | 'made' | 'output'

const GIVEN: ReadonlySet<unknown> = new Set(['user', 'system', 'developer'])

/** Tells the three kinds apart. An item without `type` but with `role` is a message. */
export const kindOf = (item: InputItem): ItemKind => {
  const { type, role } = item as { type?: string; role?: string }
  if (type === 'message' || type === undefined || type === null) return GIVEN.has(role) ? 'given' : 'made'
  return pairingOf(item)?.role === 'output' ? 'output' : 'made'
}
