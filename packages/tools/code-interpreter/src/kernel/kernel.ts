/** A picture that code drew. */
export interface KernelImage {
  readonly mimeType: 'image/png'
  readonly base64: string
}

/** How one piece of code is run. */
export interface KernelCall {
  readonly code: string
  readonly timeoutMs: number
  readonly signal?: AbortSignal
}

/**
 * What came of a piece of code. After `died`, `timeout` without `isAlive`, and `aborted` the variables are gone; `why` says which limit it was.
 */
export interface KernelResult {
  readonly end: 'ok' | 'error' | 'timeout' | 'aborted' | 'died'
  /** What was printed, and tracebacks. */
  readonly logs: string
  readonly isCut: boolean
  /** The value of the last expression, as text. */
  readonly value: string | undefined
  readonly images: readonly KernelImage[]
  /** False when the variables are gone. */
  readonly isAlive: boolean
  readonly why?: string
  /** It ended because it wrote too much. */
  readonly isDiskFull?: boolean
}

/** A language that keeps its variables from call to call. One call at a time. */
export interface Kernel {
  run(call: KernelCall): Promise<KernelResult>
  close(): Promise<void>
}

/** Bounds of what one call gives. */
export const KERNEL_BOUNDS = {
  /** Of logs. */
  logBytes: 256 * 1024,
  /** Of the value of the last expression, in characters. */
  valueChars: 64 * 1024,
  images: 10,
  /** Of one image, before base64. */
  imageBytes: 2 * 1024 * 1024,
  /** Of logs that are read at all; more ends the kernel. */
  floodBytes: 64 * 1024 * 1024,
} as const
