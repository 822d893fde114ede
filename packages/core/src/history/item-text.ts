/** The text of a message or an output: itself, or its text parts joined. Images and files have none. */
export const contentText = (content: unknown): string => {
  if (typeof content === 'string') return content
  if (!Array.isArray(content)) return ''
  let text = ''
  for (const part of content as readonly ({ text?: unknown; refusal?: unknown } | null)[]) {
    const said = part?.text ?? part?.refusal
    if (typeof said === 'string') text += text === '' ? said : `\n${said}`
  }
  return text
}
