import type { Turn } from './read-conversation.ts'

/** Names for the response and its items. */
export interface Ids {
  readonly response: string
  readonly item: (prefix: 'fc' | 'msg', index: number) => string
  readonly call: (index: number) => string
}

/** FNV-1a over the characters, twice with different starts: 53 bits are enough for one conversation. */
const hash = (text: string): string => {
  let low = 0x811c9dc5
  let high = 0x9747b28c
  for (let index = 0; index < text.length; index++) {
    const code = text.charCodeAt(index)
    low = Math.imul(low ^ code, 0x01000193)
    high = Math.imul(high ^ code, 0x85ebca6b)
  }
  return ((high >>> 0) * 0x200000 + ((low >>> 0) & 0x1fffff)).toString(36)
}

/**
 * Ids made from the conversation: the same request gives the same ones, and none of them occurs in its input already,
 * also when the input was trimmed to the length it had before.
 */
export const makeIds = (turn: Turn, seed: number): Ids => {
  const last = turn.calls.at(-1)
  const base = `${seed}\n${turn.itemCount}\n${turn.calls.length}\n${last?.callId ?? ''}\n${last?.output ?? ''}\n${turn.question}`
  for (let salt = 0; ; salt++) {
    const key = hash(`${salt}\n${base}`)
    if (turn.ids.has(`call_${key}_0`) || turn.ids.has(`fc_${key}_0`) || turn.ids.has(`msg_${key}_0`)) continue
    return {
      response: `resp_offline_${key}`,
      item: (prefix, index) => `${prefix}_${key}_${index}`,
      call: (index) => `call_${key}_${index}`,
    }
  }
}
