import type { OutputItem } from '@antiphon/client'
import type { NamedTool } from './chat-tools.ts'
import type { DoneStatus, ResponseLine } from './response-line.ts'

/** What a call is made of before its arguments. */
export interface CallHead {
  readonly callId: string
  readonly tool: NamedTool
  /** What a provider wants back with the call. */
  readonly extra: unknown
}

/** Writes one call of a function or a custom tool; several may be open side by side. */
export class CallWriter {
  readonly callId: string
  readonly #line: ResponseLine
  readonly #head: CallHead
  readonly #at: { readonly item_id: string; readonly output_index: number }

  constructor(line: ResponseLine, head: CallHead) {
    this.callId = head.callId
    this.#line = line
    this.#head = head
    const prefix = head.tool.custom ? 'ctc' : 'fc'
    const { id, outputIndex } = line.add(prefix, (id) => callItem(head, id, '', 'in_progress'))
    this.#at = { item_id: id, output_index: outputIndex }
  }

  /** Arguments of a function as they come; the input of a custom tool is wrapped in them, and shown when it is whole. */
  push(delta: string): void {
    if (this.#head.tool.custom) return
    const { item_id, output_index } = this.#at
    this.#line.sink({
      type: 'response.function_call_arguments.delta',
      sequence_number: this.#line.next(),
      item_id,
      output_index,
      delta,
    })
  }

  close(args: string, status: DoneStatus): void {
    const { name, custom } = this.#head.tool
    const { item_id, output_index } = this.#at
    const at = { item_id, output_index }
    if (custom) {
      const input = customInput(args)
      this.#line.send({ type: 'response.custom_tool_call_input.delta', ...at, delta: input })
      this.#line.send({ type: 'response.custom_tool_call_input.done', ...at, input })
    } else this.#line.send({ type: 'response.function_call_arguments.done', ...at, name, arguments: args })
    this.#line.finish(output_index, callItem(this.#head, item_id, args, status))
  }
}

const callItem = (
  { callId: call_id, tool, extra }: CallHead,
  id: string,
  args: string,
  status: DoneStatus | 'in_progress',
): OutputItem => {
  const { name } = tool
  const more = extra === undefined ? undefined : { extra_content: extra }
  return tool.custom
    ? { type: 'custom_tool_call', id, call_id, name, input: customInput(args), status, ...more }
    : { type: 'function_call', id, call_id, name, arguments: args, status, ...more }
}

/** The text inside `{ "input": "…" }`; what is not of that form is the input itself. */
const customInput = (args: string): string => {
  try {
    const { input } = JSON.parse(args) as { input?: unknown }
    return typeof input === 'string' ? input : args
  } catch {
    return args
  }
}
