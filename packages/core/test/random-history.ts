import type { InputItem } from '@antiphon/client'
import fc from 'fast-check'

/** What happens in one turn of a made-up history. */
const turn = fc.record({
  user: fc.boolean(),
  reasoning: fc.boolean(),
  remark: fc.boolean(),
  calls: fc.integer({ min: 0, max: 3 }),
  text: fc.string({ maxLength: 80 }),
})

/** Histories as runs leave them: messages, reasoning, remarks, parallel calls and their outputs. */
export const randomHistory = (maxTurns: number): fc.Arbitrary<InputItem[]> =>
  fc.array(turn, { minLength: 1, maxLength: maxTurns }).map((turns) => {
    const items: InputItem[] = [{ type: 'message', role: 'user', content: 'The task.' }]
    turns.forEach(({ user, reasoning, remark, calls, text }, n) => {
      if (user) items.push({ type: 'message', role: 'user', content: `${n}: ${text}` })
      if (reasoning) items.push({ type: 'reasoning', id: `rs_${n}`, summary: [], encrypted_content: text })
      if (remark || calls === 0)
        items.push({
          type: 'message',
          id: `msg_${n}`,
          role: 'assistant',
          status: 'completed',
          content: [{ type: 'output_text', text, annotations: [] }],
        })
      const ids = Array.from({ length: calls }, (_, k) => `call_${n}_${k}`)
      for (const call_id of ids) items.push({ type: 'function_call', call_id, name: 'look', arguments: text })
      for (const call_id of ids) items.push({ type: 'function_call_output', call_id, output: text })
    })
    return items
  })

/** What a server would refuse of a part of a history that is whole: reasoning without the item that followed it, or an item of its response without the reasoning. */
export const brokenReasoning = (sent: readonly InputItem[], whole: readonly InputItem[]): string[] => {
  const problems: string[] = []
  whole.forEach((item, index) => {
    if (item.type !== 'reasoning') return
    const follower = whole[index + 1] as InputItem
    if (sent.includes(item) !== sent.includes(follower))
      problems.push(`${item.id} is parted from what follows it`)
    if (sent.includes(item) && sent[sent.indexOf(item) + 1] !== follower)
      problems.push(`${item.id} is followed by another item`)
  })
  return problems
}
