/** Where the step of a key lies: in which run (the one inside a call has that call's key as its scope), in which turn, and whether it is the model call. */
export interface TurnPlace {
  readonly scope: string
  readonly turn: number
  readonly isModel: boolean
}

/** Reads the key of a model call, a tool call or a wait. */
export const turnOf = (key: string): TurnPlace => {
  const model = /^(.*?)t(\d+)\/model$/s.exec(key)
  // Of a tool call the last turn in the key is its own; call ids are the server's, and hold no such thing in practice.
  const other = model ?? /^(.*\/)?t(\d+)\/(?:tool|wait)(?:\/.*)?$/s.exec(key)
  return { scope: other?.[1] ?? '', turn: Number(other?.[2] ?? -1), isModel: model !== null }
}
