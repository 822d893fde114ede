import type { InputItem } from '@antiphon/client'

/** Of what came of code elsewhere, as far as a model reads it. */
const MAX_CHARS = 30_000

/** A call that somebody else executed, as the function call that it would have been here. */
export const replayCall = (item: InputItem): readonly InputItem[] => {
  const { id, code, outputs } = item as {
    id?: string
    code?: string | null
    outputs?: readonly { type?: string; logs?: string }[] | null
  }
  const call_id = `call_${(id ?? 'ci').slice(0, 50)}`
  const texts = (outputs ?? []).map(({ type, logs }) => (type === 'logs' ? (logs ?? '') : '[image]'))
  return [
    {
      type: 'function_call',
      call_id,
      name: 'code_interpreter',
      arguments: JSON.stringify({ code: code ?? '' }),
    },
    {
      type: 'function_call_output',
      call_id,
      output: texts.join('\n').slice(0, MAX_CHARS) || '[What it printed was not kept.]',
    },
  ]
}
