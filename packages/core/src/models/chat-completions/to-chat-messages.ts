import { type InputItem, ParameterError } from '@antiphon/client'
import type { ChatDialect } from './chat-dialect.ts'
import { hostedTool, toChatName } from './chat-tools.ts'
import type { ChatAssistantMessage, ChatMessage, ChatToolCall } from './chat-types.ts'
import { joinText, type LoosePart, toChatContent, toChatOutput } from './to-chat-content.ts'
import { validArguments } from './valid-arguments.ts'

/** What is read of an item of any kind. */
interface LooseItem {
  readonly type?: string | null
  readonly role?: string
  readonly content?: string | readonly LoosePart[] | null
  readonly summary?: readonly LoosePart[]
  readonly call_id?: string | null
  readonly name?: string
  readonly arguments?: string
  readonly input?: string
  readonly output?: string | readonly LoosePart[]
  readonly extra_content?: unknown
}

/** Items whose loss would change what was said, so that they are refused whatever `hostedTools` says. */
const IRREPLACEABLE = new Set(['item_reference', 'compaction', 'compaction_trigger'])

/**
 * The messages of a request, made item by item: the calls of a turn in one assistant message, every output right behind them.
 *
 * `add` throws ParameterError `invalid_parameter`, naming the item, for what the dialect cannot say.
 */
export class ChatMessages {
  readonly messages: ChatMessage[] = []
  readonly #dialect: ChatDialect
  /** The assistant message that calls of the same turn still join. */
  #turn: ChatAssistantMessage | undefined
  #reasoning = ''
  /** Calls without their output so far: nothing but tool messages may follow them. */
  readonly #unanswered = new Set<string>()
  /** Messages that wait for those outputs. */
  #held: ChatMessage[] = []

  constructor(dialect: ChatDialect) {
    this.#dialect = dialect
  }

  /** No later item can change a message that is there. */
  get isSettled(): boolean {
    return (
      this.#turn === undefined &&
      this.#reasoning === '' &&
      this.#unanswered.size === 0 &&
      this.#held.length === 0
    )
  }

  /** Adds the item that is `input[index]`. */
  add(added: InputItem, index: number): void {
    const item = added as unknown as LooseItem
    const path = `input[${index}]`
    const type = item.type ?? (item.role === undefined ? 'item_reference' : 'message')
    switch (type) {
      case 'message':
        return this.#addMessage(item, path)
      case 'reasoning':
        return this.#addReasoning(item)
      case 'function_call':
        return this.#addCall(item, validArguments(item.arguments ?? ''))
      case 'custom_tool_call':
        return this.#addCall(item, JSON.stringify({ input: item.input ?? '' }))
      case 'function_call_output':
      case 'custom_tool_call_output':
        return this.#addOutput(item, path)
    }
    if (IRREPLACEABLE.has(type))
      throw new ParameterError(
        path,
        `Expected \`${path}\` to be an item that holds its content, got \`${type}\`, which only a Responses endpoint can read. Send the whole history instead.`,
      )
    if (this.#dialect.hostedTools !== 'drop') throw hostedTool(path, type)
  }

  /** Ends the list; what still waits for an output goes last. */
  finish(): ChatMessage[] {
    this.#release()
    return this.messages
  }

  addSystem(content: string): void {
    this.#addOther({ role: this.#dialect.systemRole, content })
  }

  #addMessage({ role, content }: LooseItem, path: string): void {
    const said = content ?? ''
    if (role === 'assistant') this.#addAnswer(joinText(said, ''))
    else if (role === 'system' || role === 'developer') this.addSystem(joinText(said, '\n'))
    else this.#addOther({ role: 'user', content: toChatContent(said, `${path}.content`) })
  }

  #addOther(message: ChatMessage): void {
    this.#turn = undefined
    this.#reasoning = ''
    if (this.#unanswered.size > 0) this.#held.push(message)
    else this.messages.push(message)
  }

  #addAnswer(text: string): void {
    // Text that follows the calls of its turn: between calls and their outputs there is no place for a message.
    if (this.#turn?.tool_calls !== undefined) {
      const { content } = this.#turn
      this.#turn.content = content ? `${content}\n${text}` : text
    } else {
      this.#begin().content = text
    }
    this.#attachReasoning()
  }

  #addReasoning({ content, summary }: LooseItem): void {
    if (this.#dialect.reasoningField === undefined) return
    const text = content?.length ? joinText(content, '\n') : joinText(summary ?? '', '\n')
    if (text !== '') this.#reasoning = this.#reasoning === '' ? text : `${this.#reasoning}\n${text}`
  }

  #addCall(item: LooseItem, args: string): void {
    const turn = this.#turn ?? this.#begin()
    const id = item.call_id ?? ''
    const call: ChatToolCall = {
      id,
      type: 'function',
      function: { name: toChatName(item.name ?? ''), arguments: args },
      ...(item.extra_content === undefined ? {} : { extra_content: item.extra_content }),
    }
    if (turn.tool_calls === undefined) turn.tool_calls = [call]
    else turn.tool_calls.push(call)
    // DeepSeek wants the field with every call once the model thinks, also where it thought nothing.
    const { reasoningField: field } = this.#dialect
    if (field !== undefined) turn[field] ??= ''
    this.#attachReasoning()
    this.#unanswered.add(id)
  }

  #addOutput(item: LooseItem, path: string): void {
    const id = item.call_id ?? ''
    const { text, others } = toChatOutput(item.output ?? '', `${path}.output`)
    this.#turn = undefined
    this.#reasoning = ''
    const content = text === '' && others.length > 0 ? '(The output follows in the next message.)' : text
    this.messages.push({ role: 'tool', tool_call_id: id, content })
    if (others.length > 0)
      this.#held.push({
        role: 'user',
        content: [{ type: 'text', text: `Output of call ${id}:` }, ...others],
      })
    this.#unanswered.delete(id)
    if (this.#unanswered.size === 0) this.#release()
  }

  #begin(): ChatAssistantMessage {
    this.#release()
    const turn: ChatAssistantMessage = { role: 'assistant', content: null }
    this.messages.push(turn)
    this.#turn = turn
    return turn
  }

  #attachReasoning(): void {
    const { reasoningField: field } = this.#dialect
    if (field === undefined || this.#reasoning === '' || this.#turn === undefined) return
    const before = this.#turn[field]
    this.#turn[field] = before ? `${before}\n${this.#reasoning}` : this.#reasoning
    this.#reasoning = ''
  }

  #release(): void {
    for (const message of this.#held) this.messages.push(message)
    if (this.#held.length > 0) this.#held = []
    this.#unanswered.clear()
  }
}
