/** A statement as Postgres takes it. */
export interface NumberedStatement {
  /** Name under which a connection keeps it prepared; not for texts that come after the first {@link MAX_PREPARED}. */
  readonly name?: string
  readonly text: string
}

const statements = new Map<string, NumberedStatement>()

/** Our own texts are some hundreds; those that others put together by what they are asked must not fill the memory of every connection. */
const MAX_PREPARED = 1_000

/** Turns `?` into `$1`, `$2`, …, once per text; no text of ours has a question mark of another kind. */
export const numbered = (text: string): NumberedStatement => {
  let statement = statements.get(text)
  if (statement === undefined) {
    let n = 0
    const numberedText = text.replace(/\?/g, () => `$${++n}`)
    if (statements.size >= MAX_PREPARED) return { text: numberedText }
    statement = { name: `antiphon_${statements.size}`, text: numberedText }
    statements.set(text, statement)
  }
  return statement
}
