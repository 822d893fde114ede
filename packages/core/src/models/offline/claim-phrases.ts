import { isKnownWord } from './synonyms.ts'
import { isStopWord, stem } from './words.ts'

type Claim = (kind: 'phrase', value: string, start: number, end: number) => void

/** Words after a preposition, in whatever case: the `oslo` of `weather in oslo`. The weakest evidence. */
export const claimPhrases = (text: string, taken: Uint8Array, claim: Claim): void => {
  const form =
    /\b(?:in|for|at|from|to|about|near|of|with|named|called|mention|mentions|on)\s+((?:(?!\b(?:and|or|in|for|at|from|to|about|near|with|by|on|please|is|are|has|have)\b)[\p{L}\p{N}'’-]+[ ]?){1,4}(?:(?:,\s*|\s*\b(?:and|or)\s+)(?!\b(?:what|how|who|when|where|which|then|is|are|the|a|an|also)\b)(?:[\p{L}'’-]+(?: (?!and\b|or\b|please\b))?){1,3}(?=\s*(?:$|[,.?!;]|\b(?:and|or|please|today|now|tomorrow)\b)))*)/giu
  for (const match of text.matchAll(form)) {
    const list = match[1] ?? ''
    let start = match.index + match[0].length - list.length
    for (const piece of list.split(/(,\s*|\s*\b(?:and|or)\s+)/)) {
      const lead =
        /^(?:\s*\b(?:the|a|an|my|our|your|this|that|all|me|us|it|you)\b\s*)*/i.exec(piece)?.[0].length ?? 0
      const words = piece.slice(lead).trimEnd()
      const at = start + lead
      start += piece.length
      if (words === '' || /^[,\s]|^(?:and|or)$/i.test(words.trim())) continue
      // `about the weather` names a topic, no thing.
      if (
        words
          .split(' ')
          .every((word) => isStopWord(word.toLowerCase()) || isKnownWord(stem(word.toLowerCase())))
      )
        continue
      if (!taken.subarray(at, at + words.length).some((flag) => flag === 1))
        claim('phrase', words, at, at + words.length)
    }
  }
}
