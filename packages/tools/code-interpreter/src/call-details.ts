import type { CodeInterpreterOutput } from '@antiphon/client'

/** A file that a call made. */
interface MadeFile {
  readonly id: string
  readonly path: string
}

/** What is known of a call beside what the model is told: plain JSON, recorded with it. */
export interface CallDetails {
  readonly containerId: string
  readonly outputs: readonly CodeInterpreterOutput[]
  readonly files: readonly MadeFile[]
}
