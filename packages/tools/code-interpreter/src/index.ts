/** `@antiphon/code-interpreter`: Python and JavaScript in containers of our own. */

// Containers
export type { Container, ContainerResult, ContainerRun, NewContainer } from './containers/container.ts'
export type { ContainerFile, ContainerFiles } from './containers/container-files.ts'
export type { ContainerOptions, ContainerSettings, Language } from './containers/container-options.ts'
export type { MemoryLimit } from './containers/memory-limit.ts'
export { type Containers, openContainers } from './containers/open-containers.ts'
// Errors
export { InterpreterError, type InterpreterErrorCode } from './interpreter-error.ts'
export type { KernelImage } from './kernel/kernel.ts'
