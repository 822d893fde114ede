import { ToolRetry } from 'antiphon'

const MAX_CHARS = 200
const MAX_ALTERNATIVES = 64

/**
 * Tells which paths a glob matches: `*` and `?` within a name, `**` over folders, `{a,b}` either. Everything else is literal, `[` included.
 * A pattern without `/` is matched against the name alone, at any depth. Never backtracks: the pattern comes from a model.
 *
 * @throws ToolRetry for a pattern of more than 200 characters or 64 alternatives.
 */
export const globMatcher = (pattern: string): ((path: string) => boolean) => {
  if (pattern.length > MAX_CHARS)
    throw new ToolRetry(`The pattern is longer than ${MAX_CHARS} characters. Give a shorter one.`)
  const alternatives = expandBraces(pattern.trim()).map(segmentsOf)
  return (path) => {
    const parts = path.split('/')
    return alternatives.some((segments) => matchPath(segments, parts))
  }
}

const expandBraces = (pattern: string): string[] => {
  const open: string[] = [pattern]
  const done: string[] = []
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    // The innermost braces: none inside.
    const braces = /\{([^{}]*)\}/.exec(next)
    if (braces === null) done.push(next)
    else
      for (const choice of (braces[1] ?? '').split(','))
        open.push(next.slice(0, braces.index) + choice + next.slice(braces.index + braces[0].length))
    if (open.length + done.length > MAX_ALTERNATIVES)
      throw new ToolRetry(`The pattern has more than ${MAX_ALTERNATIVES} alternatives. Give a simpler one.`)
  }
  return done
}

const segmentsOf = (pattern: string): string[] => {
  const plain = pattern.replace(/^(?:\.?\/)+/, '')
  if (!plain.includes('/')) return ['**', plain === '**' ? '*' : plain]
  return (plain.endsWith('/') ? `${plain}**` : plain).split('/').filter((segment) => segment !== '')
}

/** Which positions of the path can be reached, segment by segment. */
const matchPath = (segments: readonly string[], parts: readonly string[]): boolean => {
  let reached = new Set([0])
  segments.forEach((segment, index) => {
    const next = new Set<number>()
    for (const at of reached) {
      if (segment === '**') {
        // As the last segment it stands for files below, so for one name at least.
        const from = index === segments.length - 1 ? at + 1 : at
        for (let end = from; end <= parts.length; end++) next.add(end)
      } else if (at < parts.length && matchName(segment, parts[at] ?? '')) next.add(at + 1)
    }
    reached = next
  })
  return reached.has(parts.length)
}

const matchName = (glob: string, name: string): boolean => {
  let at = 0
  let star = -1
  let resume = 0
  let g = 0
  while (at < name.length) {
    if (glob[g] === '*') {
      star = g++
      resume = at
    } else if (g < glob.length && (glob[g] === '?' || glob[g] === name[at])) {
      g++
      at++
    } else if (star >= 0) {
      g = star + 1
      at = ++resume
    } else return false
  }
  while (glob[g] === '*') g++
  return g === glob.length
}
