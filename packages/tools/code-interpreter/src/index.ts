/** `@antiphon/code-interpreter`: Python and JavaScript in containers of our own. */

// The tool
export { type CodeInterpreterOptions, codeInterpreter } from './code-interpreter.ts'
// Containers
export type { Container, ContainerResult, ContainerRun, NewContainer } from './containers/container.ts'
export type { ContainerFile, ContainerFiles } from './containers/container-files.ts'
export type { ContainerOptions, ContainerSettings, Language } from './containers/container-options.ts'
export type { MemoryLimit } from './containers/memory-limit.ts'
export { type Containers, openContainers } from './containers/open-containers.ts'
export type { FileSource } from './file-source.ts'
// Errors
export { InterpreterError, type InterpreterErrorCode } from './interpreter-error.ts'
export type { KernelImage } from './kernel/kernel.ts'
