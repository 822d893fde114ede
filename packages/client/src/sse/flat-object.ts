/** Where the value of a member stands in the text, both ends of the range counted in UTF-16 units. */
export interface MemberRange {
  key: string
  start: number
  end: number
}

const MEMBER =
  /\s*"([^"\\]*)"\s*:\s*("[^"\\]*(?:\\.[^"\\]*)*"|-?\d[\d.eE+-]*|true|false|null|\[\s*\])\s*([,}])/dy

/**
 * Finds the values in the text of a JSON object whose values are all strings, numbers, literals or empty arrays.
 *
 * The text must be valid JSON and `start` the place of its opening brace. Undefined for anything else: nested values,
 * escapes in a key, a key that occurs twice.
 */
export const locateFlatMembers = (text: string, start: number): MemberRange[] | undefined => {
  const members: MemberRange[] = []
  const keys = new Set<string>()
  MEMBER.lastIndex = start + 1
  for (;;) {
    const match = MEMBER.exec(text)
    const range = match?.indices?.[2]
    const key = match?.[1]
    if (range === undefined || key === undefined || keys.has(key)) return undefined
    keys.add(key)
    members.push({ key, start: range[0], end: range[1] })
    if (match?.[3] === '}') return members
  }
}
