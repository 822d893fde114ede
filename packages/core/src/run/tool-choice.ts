import type { ToolChoice } from '@antiphon/client'

/** Lists of allowed tools whose `required` has become `auto`; one per list, so that a request stays the same from turn to turn. */
const relaxed = new WeakMap<object, ToolChoice>()

/** What is left of a choice once it has been obeyed: a forced one would keep the model from ever answering. What only allows or forbids stays. */
export const afterFirstCalls = (choice: ToolChoice): ToolChoice | undefined => {
  if (typeof choice === 'string') return choice === 'required' ? undefined : choice
  if (choice.type !== 'allowed_tools') return undefined
  if ((choice as { mode?: string }).mode !== 'required') return choice
  const known = relaxed.get(choice)
  if (known !== undefined) return known
  const made = { ...choice, mode: 'auto' } as ToolChoice
  relaxed.set(choice, made)
  return made
}
