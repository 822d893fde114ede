import type { ClippedOutput } from './clip-output.ts'

/** One program to run in the workspace. */
export interface Command {
  readonly argv: readonly [string, ...string[]]
  /** Below the root; empty for the root itself. */
  readonly folder: string
  readonly env: Readonly<Record<string, string>>
  readonly timeoutMs: number
  readonly signal: AbortSignal
  /** Whether the workspace may be written, where that can be held. */
  readonly access: 'read' | 'write'
  readonly stdout: ClippedOutput
  readonly stderr: ClippedOutput
}

/** How a program ended: by itself, by its time, or by a limit, which `why` names. */
export type CommandEnd =
  | { readonly type: 'exit'; readonly exitCode: number }
  | { readonly type: 'timeout' }
  | { readonly type: 'killed'; readonly why: string }

/** What runs programs. When the signal is aborted, nothing of a program is left, and its reason is thrown. */
export interface CommandRunner {
  readonly isSandboxed: boolean
  /** Where the root is for a program. */
  readonly root: string
  run(command: Command): Promise<CommandEnd>
  close(): Promise<void>
}
