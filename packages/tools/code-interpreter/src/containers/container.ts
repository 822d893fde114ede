import type { KernelImage } from '../kernel/kernel.ts'
import type { ContainerFile, ContainerFiles } from './container-files.ts'
import type { Language } from './container-options.ts'
import type { MemoryLimit } from './memory-limit.ts'

/** What a container is made with. */
export interface NewContainer {
  /** @defaultValue a new one */
  readonly id?: string
  readonly name?: string
  readonly memory?: MemoryLimit
  readonly idleMinutes?: number
  /** Made for a run, not by name: it makes room when there are too many. */
  readonly isAuto?: boolean
}

/** A place where code runs and finds its files and variables again. */
export interface Container {
  /** Begins with `cntr_`. */
  readonly id: string
  readonly tenant: string
  readonly name: string
  readonly memory: MemoryLimit
  readonly idleMinutes: number
  readonly isAuto: boolean
  /** Milliseconds since 1970. */
  readonly createdAt: number
  /** Milliseconds since 1970. */
  readonly lastActiveAt: number
  readonly files: ContainerFiles
  /** Runs code; calls of one container run one after the other. @throws SandboxError `sandbox_unavailable` where the language cannot be run. */
  run(code: string, options?: ContainerRun): Promise<ContainerResult>
  /** Says that it is used: its time begins anew. */
  touch(): void
}

/** How code is run. */
export interface ContainerRun {
  readonly language?: Language
  readonly signal?: AbortSignal
}

/** What came of code. */
export interface ContainerResult {
  readonly end: 'ok' | 'error' | 'timeout' | 'aborted' | 'died'
  readonly logs: string
  readonly isCut: boolean
  readonly value: string | undefined
  readonly images: readonly KernelImage[]
  /** Made or changed by it. */
  readonly files: readonly ContainerFile[]
  /** What is to be known beside: variables that are gone, files that were taken away. */
  readonly notes: readonly string[]
}
