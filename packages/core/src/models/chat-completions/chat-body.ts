import type { InputItem, ResponseRequest } from '@antiphon/client'
import type { ChatDialect } from './chat-dialect.ts'
import type { ChatParameters } from './chat-types.ts'
import { ChatMessages } from './to-chat-messages.ts'

const OPEN = '{"messages":['
const CLOSE_BRACKET = 0x5d
const COMMA = 0x2c
/** Small, because a thousand runs may be open at once; doubles as it fills. */
const FIRST_BYTES = 2048
/** UTF-8 needs at most 3 bytes per UTF-16 unit. */
const MAX_BYTES_PER_UNIT = 3

/**
 * The bodies of a run's requests, one after the other. Messages that no later item can change are translated and encoded once; so a run of n turns
 * costs O(items), beside a comparison of references and the socket.
 */
export class ChatBody {
  #bytes = Buffer.allocUnsafeSlow(FIRST_BYTES)
  #length = 0
  /** Length that stays: the opening, the instructions and the settled messages. */
  #settledLength = 0
  /** The items behind the settled messages. */
  readonly #settled: InputItem[] = []
  #instructions: ResponseRequest['instructions']

  /** The body of a request; valid until the next one is made. Throws as the translation of its items does. */
  encode(
    input: readonly InputItem[],
    instructions: ResponseRequest['instructions'],
    parameters: ChatParameters,
    dialect: ChatDialect,
  ): Uint8Array {
    if (instructions !== this.#instructions || !this.#isPrefixOf(input)) this.#settledLength = 0
    this.#length = this.#settledLength
    const list = new ChatMessages(dialect)
    if (this.#length === 0) {
      this.#instructions = instructions
      this.#settled.length = 0
      this.#write(OPEN)
      if (instructions) list.addSystem(instructions)
    }
    let settled = this.#settled.length
    let settledMessages = list.messages.length
    for (let i = settled; i < input.length; i++) {
      list.add(input[i] as InputItem, i)
      if (!list.isSettled) continue
      settled = i + 1
      settledMessages = list.messages.length
    }
    for (const [i, message] of list.finish().entries()) {
      if (i === settledMessages) this.#settledLength = this.#length
      if (this.#length > OPEN.length) this.#byte(COMMA)
      this.#write(JSON.stringify(message))
    }
    if (list.messages.length === settledMessages) this.#settledLength = this.#length
    for (let i = this.#settled.length; i < settled; i++) this.#settled.push(input[i] as InputItem)
    return this.#close(JSON.stringify(parameters))
  }

  /** Appends the rest of the body. */
  #close(rest: string): Uint8Array {
    this.#byte(CLOSE_BRACKET)
    if (rest !== '{}') this.#byte(COMMA)
    this.#write(rest.slice(1))
    return this.#bytes.subarray(0, this.#length)
  }

  /** The settled items are still those that the list begins with. */
  #isPrefixOf(input: readonly InputItem[]): boolean {
    const settled = this.#settled
    if (settled.length > input.length) return false
    for (let i = 0; i < settled.length; i++) if (settled[i] !== input[i]) return false
    return true
  }

  #byte(value: number): void {
    this.#reserve(1)
    this.#bytes[this.#length++] = value
  }

  #write(text: string): void {
    this.#reserve(text.length * MAX_BYTES_PER_UNIT)
    this.#length += this.#bytes.write(text, this.#length, 'utf8')
  }

  #reserve(more: number): void {
    const need = this.#length + more
    if (need <= this.#bytes.length) return
    const bigger = Buffer.allocUnsafeSlow(Math.max(this.#bytes.length * 2, need))
    this.#bytes.copy(bigger, 0, 0, this.#length)
    this.#bytes = bigger
  }
}
