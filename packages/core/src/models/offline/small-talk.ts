import { wordsOf } from './words.ts'

const GREETINGS = ['Hello!', 'Hello, good to see you.', 'Hi there.']

/** The reply to a greeting or thanks; undefined for anything with a topic. */
export const smallTalk = (text: string, seed: number): string | undefined => {
  const words = wordsOf(text).map((word) => word.text.toLowerCase())
  if (words.length === 0 || words.length > 6) return undefined
  if (/^(?:hi|hello|hey|good (?:morning|afternoon|evening)|greetings)\b/i.test(text.trim()))
    return GREETINGS[seed % GREETINGS.length]
  if (/^(?:thanks|thank you|thx|cheers)\b/i.test(text.trim())) return 'You are welcome.'
  if (/^(?:bye|goodbye|see you)\b/i.test(text.trim())) return 'Goodbye!'
  if (/^(?:ok|okay|yes|no|great|good|nice|cool|sure)[.!]*$/i.test(text.trim())) return 'All right.'
  return undefined
}
