import type { EasyInputMessage, InputItem, ResponseRequest } from '@antiphon/client'
import { GuardError } from '../errors.ts'
import { kindOf } from '../history/item-kind.ts'
import { contentText } from '../history/item-text.ts'
import type { Model, ModelContext } from '../model.ts'
import { orStopped } from './stoppable.ts'
import { blockReason, type Verdict } from './verdict.ts'

/** What an input check sees. */
export interface InputCheck {
  /** Text of the new messages, joined. */
  readonly text: string
  /** The new messages from outside: all since the model's last item, or since the last check of the run. */
  readonly items: readonly InputItem[]
  readonly request: ResponseRequest
}

/** Decides about new input before it is sent. */
export type InputGuard = (input: InputCheck, context: ModelContext) => Verdict | Promise<Verdict>

/** Checks what is new of the input before the model is called. */
export const guardInput = (model: Model, check: InputGuard): Model => {
  // Of each run the items that came last in a call: what comes after them is new.
  const runs = new WeakMap<ModelContext, WeakSet<InputItem>>()
  const guardedModel: Model = async (request, sink, context) => {
    const seen = runs.get(context)
    const items = newItems(request.input, seen)
    if (items.length > 0) {
      const text = items.map((item) => contentText((item as { content?: unknown }).content)).join('\n')
      const checked = blockReason(() => check({ text, items, request }, context))
      const reason = await orStopped(checked, context)
      if (reason !== undefined) throw new GuardError('input', reason.text, reason.cause)
    }
    const last = Array.isArray(request.input) ? (request.input.at(-1) as InputItem | undefined) : undefined
    if (last !== undefined) runs.set(context, (seen ?? new WeakSet()).add(last))
    return model(request, sink, context)
  }
  return guardedModel
}

const newItems = (input: ResponseRequest['input'], seen: WeakSet<InputItem> | undefined): InputItem[] => {
  if (typeof input === 'string')
    return [{ type: 'message', role: 'user', content: input } satisfies EasyInputMessage]
  const fresh: InputItem[] = []
  const items = input ?? []
  for (let index = items.length - 1; index >= 0; index--) {
    const item = items[index] as InputItem
    const kind = kindOf(item)
    if (seen === undefined ? kind === 'made' : seen.has(item)) break
    if (kind === 'given') fresh.unshift(item)
  }
  return fresh
}
