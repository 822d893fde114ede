import { PatchError } from '../patch-error.ts'

/**
 * The text of a new file from its diff, in which every line begins with `+`. A diff in which none does is taken as the text itself.
 * The text ends with a newline unless it is empty.
 *
 * @throws PatchError `patch_invalid`
 */
export const newText = (diff: string): string => {
  const lines = diff.split('\n')
  if (lines.at(-1) === '') lines.pop()
  if (lines[0]?.startsWith('@@')) lines.shift()
  if (lines.at(-1)?.startsWith('*** End')) lines.pop()
  if (lines.length === 0) return ''
  if (lines.some((line) => line.startsWith('+'))) {
    const bad = lines.findIndex((line) => !line.startsWith('+') && line.trim() !== '')
    if (bad !== -1)
      throw new PatchError(
        'patch_invalid',
        `Line ${bad + 1} of the diff of a new file does not begin with +: "${lines[bad]!.slice(0, 200)}". Begin every line with +.`,
      )
    return `${lines.map((line) => (line.startsWith('+') ? line.slice(1) : '')).join('\n')}\n`
  }
  return `${lines.join('\n')}\n`
}
