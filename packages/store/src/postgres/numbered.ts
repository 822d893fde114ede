/** A statement as Postgres takes it. */
export interface NumberedStatement {
  /** Name under which a connection keeps it prepared. */
  readonly name: string
  readonly text: string
}

const statements = new Map<string, NumberedStatement>()

/** Turns `?` into `$1`, `$2`, …, once per text; no text of ours has a question mark of another kind. */
export const numbered = (text: string): NumberedStatement => {
  let statement = statements.get(text)
  if (statement === undefined) {
    let n = 0
    statement = { name: `antiphon_${statements.size}`, text: text.replace(/\?/g, () => `$${++n}`) }
    statements.set(text, statement)
  }
  return statement
}
