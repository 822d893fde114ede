import { AntiphonError } from '@antiphon/client'
import type { ChatChoice, ChatChunk, ChatDelta } from './chat-types.ts'
import { listIn, objectIn, stringIn } from './chat-values.ts'

/**
 * A whole answer as the one chunk it would be, so that it takes the path of a stream.
 *
 * @throws AntiphonError `invalid_answer` when there is no choice in it.
 */
export const fromChatAnswer = (answer: unknown): ChatChunk => {
  const whole = answer as ChatChunk | null | undefined
  const choice = objectIn(listIn(whole?.choices)[0])
  if (!objectIn(whole) || (!choice && !whole?.error))
    throw new AntiphonError(
      'invalid_answer',
      'The answer has no choice in it. Check that `baseURL` is that of a Chat Completions endpoint, and the model.',
    )
  return choice ? { ...whole, choices: [wholeChoice(choice)] } : (whole as ChatChunk)
}

/** An answer that came whole has ended, whether it says so or not. */
const wholeChoice = (choice: ChatChoice): ChatChoice => {
  const message = objectIn(choice.message) ?? objectIn(choice.delta) ?? {}
  return { ...choice, delta: numbered(message), finish_reason: stringIn(choice.finish_reason) || 'stop' }
}

/** The calls of a message are told apart by their place. */
const numbered = (message: ChatDelta): ChatDelta =>
  message.tool_calls
    ? { ...message, tool_calls: listIn(message.tool_calls).map((call, index) => ({ ...call, index })) }
    : message
