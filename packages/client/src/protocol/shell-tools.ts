import type { ContainerAuto, ContainerReference } from './containers.ts'
import type { OpenString } from './open.ts'
import type { AllowedCallers } from './tool-callers.ts'

/** Your own machine: you run the commands. */
export interface LocalEnvironment {
  type: 'local'
  /** At most 200; `path` is where the skill lies on your machine. */
  skills?: { name: string; description: string; path: string }[]
}

/**
 * A shell, in a container of the provider or on your machine.
 *
 * Source: Responses API, `FunctionShellToolParam`.
 */
export interface ShellTool {
  type: 'shell'
  environment?: ContainerAuto | LocalEnvironment | ContainerReference | null
  allowed_callers?: AllowedCallers | null
}

/** The older shell, on your machine. Source: Responses API, `LocalShellToolParam`. */
export interface LocalShellTool {
  type: 'local_shell'
}

/** Changes of files, made by you. Source: Responses API, `ApplyPatchToolParam`. */
export interface ApplyPatchTool {
  type: 'apply_patch'
  allowed_callers?: AllowedCallers | null
}

/** A screen, mouse and keyboard that you operate. Source: Responses API, `ComputerTool`. */
export interface ComputerTool {
  type: 'computer'
}

/** A screen, mouse and keyboard, first version. Source: Responses API, `ComputerUsePreviewTool`. */
export interface ComputerUsePreviewTool {
  type: 'computer_use_preview'
  environment: OpenString<'windows' | 'mac' | 'linux' | 'ubuntu' | 'browser'>
  /** In pixels. */
  display_width: number
  /** In pixels. */
  display_height: number
}
