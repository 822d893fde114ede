/** What a worker is started with. */
export interface WorkerOptions {
  readonly memoryBytes: number
  readonly stackBytes: number
  readonly outputChars: number
  readonly fileBytes: number
}

/** What a worker is asked. */
export interface EvaluateMessage {
  readonly id: number
  readonly code: string
  readonly timeoutMs: number
  /** What `readFile` finds. */
  readonly files: Readonly<Record<string, string>>
}

/** What it answers. */
export interface EvaluatedMessage {
  readonly id: number
  readonly end: 'value' | 'error' | 'timeout'
  /** What `console` was told, and the error. */
  readonly logs: string
  readonly isCut: boolean
  /** The value of the last expression, as text; undefined for none. */
  readonly value: string | undefined
  /** What `writeFile` was given. */
  readonly files: Readonly<Record<string, string>>
  /** Promises without end are left, which would run on with the next evaluation. */
  readonly isStuck: boolean
}
