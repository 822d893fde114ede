import { createHash } from 'node:crypto'

/** The longest name that all servers of the Responses API take. */
const MAX_NAME = 64

/**
 * The name of the function that stands for a tool: `label__tool`.
 *
 * It depends on the label and the tool alone, so that it stays the same when other tools come and go. Names that are too long, that have other characters than `[a-zA-Z0-9_-]`, or
 * that could be read as those of another label get a hash of both at their end.
 */
export const functionName = (label: string, tool: string): string => {
  const plain = `${label}__${tool}`
  if (isLegal(plain) && isUnambiguous(label)) return plain
  const hash = createHash('sha256')
    .update(JSON.stringify([label, tool]))
    .digest('hex')
    .slice(0, 10)
  const readable = plain.replace(/[^a-zA-Z0-9_-]+/g, '_').slice(0, MAX_NAME - hash.length - 1)
  return `${readable}_${hash}`
}

const isLegal = (name: string): boolean => /^[a-zA-Z0-9_-]{1,64}$/.test(name)

/** The first `__` of the name then ends the label: no two pairs of a label and a tool have one name. */
const isUnambiguous = (label: string): boolean =>
  label !== '' && !label.includes('__') && !label.endsWith('_')

/**
 * The names of all tools of a server. A tool whose own name is made to look like that of another one, hash included, is left out.
 */
export const functionNames = (label: string, tools: readonly string[]): ReadonlyMap<string, string> => {
  const names = new Map<string, string>()
  const taken = new Set<string>()
  for (const tool of tools) {
    const name = functionName(label, tool)
    if (taken.has(name)) continue
    taken.add(name)
    names.set(tool, name)
  }
  return names
}
