import { isCommand, type McpServer } from './server-address.ts'

/** Headers whose values say nothing that must be hidden. */
const PLAIN = new Set(['accept', 'accept-encoding', 'accept-language', 'content-type', 'user-agent'])

/** Shorter values are words that texts are full of. */
const SHORTEST = 6

const HIDDEN = '[hidden]'

/** Takes secrets out of text. */
export type HideText = (text: string) => string

/**
 * Takes the headers and the token of a server out of texts, in the forms in which a server could tell them again: as they are, within JSON, within a URL,
 * and without the word before them (`Bearer …`).
 */
export const hideSecretsOf = (server: McpServer): HideText => {
  const forms = [...new Set(secretsOf(server).flatMap(formsOf))].sort((a, b) => b.length - a.length)
  if (forms.length === 0) return hideNothing
  return (text) => forms.reduce((hidden, form) => hidden.replaceAll(form, HIDDEN), text)
}

const hideNothing: HideText = (text) => text

const secretsOf = (server: McpServer): string[] => {
  if (isCommand(server)) return []
  const headers = Object.entries(server.headers ?? {})
    .filter(([name]) => !PLAIN.has(name.toLowerCase()))
    .map(([, value]) => value)
  return [...headers, ...(server.authorization === undefined ? [] : [server.authorization])]
}

const formsOf = (secret: string): string[] => {
  const bare = secret.trim()
  const afterWord = /^\S+\s+(\S.*)$/.exec(bare)?.[1]
  return [bare, ...(afterWord === undefined ? [] : [afterWord])]
    .filter((form) => form.length >= SHORTEST)
    .flatMap((form) => [...escaped(form, 3), encodeURIComponent(form)])
}

/** As it is, within JSON, within JSON that is a string of JSON, … */
const escaped = (text: string, levels: number): string[] =>
  levels === 0 ? [text] : [text, ...escaped(JSON.stringify(text).slice(1, -1), levels - 1)]

/** Every string of a JSON value, keys included, with the secrets taken out; what holds none is given back as it is. */
export const hideInJson = <T>(value: T, hide: HideText): T => {
  if (hide === hideNothing) return value
  const text = JSON.stringify(value)
  if (text === undefined || hide(text) === text) return value
  return JSON.parse(hide(text)) as T
}
