import type { CodeInterpreterCall } from '@antiphon/client'
import type { ItemView } from 'antiphon'
import type { CallDetails } from './call-details.ts'

/** The value of `include` that shows what came of code. */
export const OUTPUTS = 'code_interpreter_call.outputs'

/** What a view is made of. */
export interface CodeViewOptions {
  /** The container of calls, before they tell it themselves. */
  readonly containerId: string
  readonly include: ReadonlySet<string>
  /** Told of a call that has ended. */
  onEnded(details: CallDetails): void
}

/** Calls as `code_interpreter_call`s. */
export const codeView = ({ containerId, include, onEnded }: CodeViewOptions): ItemView => {
  const item = (id: string, rest: Partial<CodeInterpreterCall>): CodeInterpreterCall => ({
    type: 'code_interpreter_call',
    id,
    status: 'in_progress',
    container_id: containerId,
    code: '',
    outputs: null,
    ...rest,
  })
  return {
    idPrefix: 'ci',
    begin: ({ id, arguments: text }) => {
      const code = codeIn(text)
      const of = { item_id: id }
      return {
        item: item(id, {}),
        events: [
          { type: 'response.code_interpreter_call.in_progress', ...of },
          ...(code === '' ? [] : [{ type: 'response.code_interpreter_call_code.delta', ...of, delta: code }]),
          { type: 'response.code_interpreter_call_code.done', ...of, code },
          { type: 'response.code_interpreter_call.interpreting', ...of },
        ],
      }
    },
    end: ({ id, arguments: text, outcome, details }) => {
      const known = details as CallDetails | undefined
      if (known !== undefined) onEnded(known)
      const isDone = outcome === 'ok' && known !== undefined
      return {
        events: isDone ? [{ type: 'response.code_interpreter_call.completed', item_id: id }] : [],
        item: item(id, {
          status: isDone ? 'completed' : 'failed',
          container_id: known?.containerId ?? containerId,
          code: codeIn(text),
          outputs: include.has(OUTPUTS) ? [...(known?.outputs ?? [])] : null,
        }),
      }
    },
  }
}

/** The code in arguments as a model wrote them. */
const codeIn = (text: string): string => {
  try {
    const { code } = JSON.parse(text) as { code?: unknown }
    return typeof code === 'string' ? code : ''
  } catch {
    return ''
  }
}
