/** One thing that is wrong with a value, and where: `passengers[0].name`, or empty for the value itself. */
export interface SchemaIssue {
  readonly path: string
  readonly message: string
}

/** What parsing a value with a schema gave. */
export type ParseResult<T> =
  | { readonly ok: true; readonly value: T }
  | {
      readonly ok: false
      readonly issues: readonly SchemaIssue[]
      /** For the model to read: one issue a line, each with its path. */
      readonly message: string
    }

const MAX_LINES = 20

/** Makes the failed result, with its message; says nothing twice, and after 20 lines the message only counts. */
export const parseFailure = (issues: readonly SchemaIssue[]): ParseResult<never> => {
  const all = new Set(issues.map(({ path, message }) => (path === '' ? message : `${path}: ${message}`)))
  const lines = [...all].slice(0, MAX_LINES)
  if (all.size > MAX_LINES) lines.push(`… and ${all.size - MAX_LINES} more`)
  return { ok: false, issues, message: lines.join('\n') }
}

/** Writes a path as code would: `passengers[0].name`; keys that are no identifiers are quoted. */
export const pathText = (path: readonly PropertyKey[]): string => {
  let text = ''
  for (const step of path) {
    if (typeof step === 'number') text += `[${step}]`
    else if (typeof step === 'string' && !/^[\p{L}_$][\p{L}\p{N}_$-]*$/u.test(step))
      text += `[${JSON.stringify(step)}]`
    else text += text === '' ? String(step) : `.${String(step)}`
  }
  return text
}
