import type { InputItem, ShellCall, ShellCallOutput, ToolDefinition } from '@antiphon/client'
import { type BuiltInTool, type Tool, tool, toolOutput, WireRefusal } from 'antiphon'
import { WORKSPACE } from '../command/sandbox-runner.ts'
import { askBefore, runShell } from './run-shell.ts'
import { sharedRunner } from './shared-runner.ts'
import { callTimeoutMs, ShellArguments } from './shell-arguments.ts'
import { type ShellOptions, toShellSettings } from './shell-options.ts'
import { shellInstructions, shellText } from './shell-text.ts'
import { shellView } from './shell-view.ts'

/** Where a request wants its commands run. Anything that we cannot give is refused, by its name. */
const checkEnvironment = (declaration: ToolDefinition, own: ToolDefinition): { isLocal: boolean } => {
  const { environment } = declaration as { environment?: Record<string, unknown> | null }
  if (declaration === own) return { isLocal: true }
  const refuse = (field: string, message: string): never => {
    throw new WireRefusal(400, message, { param: `environment${field}`, code: 'invalid_value' })
  }
  if (environment === undefined || environment === null) return { isLocal: false }
  if (environment.type === 'local')
    return refuse(
      '.type',
      "With 'local' the client runs the commands, and here the server does. Leave `environment` out.",
    )
  if (environment.type === 'container_reference')
    return refuse('.container_id', 'There are no containers to name here. Leave `environment` out.')
  for (const field of ['file_ids', 'memory_limit', 'network_policy', 'skills']) {
    const value = environment[field]
    const isEmpty = value === undefined || value === null || (Array.isArray(value) && value.length === 0)
    if (!isEmpty && (value as { type?: unknown }).type !== 'disabled')
      refuse(
        `.${field}`,
        `\`${field}\` cannot be had here: commands run in the one workspace of this server.`,
      )
  }
  return { isLocal: false }
}

/** A call or an output of somebody else's, as the function call that it is here. */
const replay = (item: InputItem): readonly InputItem[] => {
  if (item.type === 'shell_call') {
    const { call_id, action } = item as ShellCall
    return [
      { type: 'function_call', call_id, name: 'shell', arguments: JSON.stringify(action) },
    ] as InputItem[]
  }
  const { call_id, output } = item as ShellCallOutput
  return [{ type: 'function_call_output', call_id, output: shellText([], output) }] as InputItem[]
}

/**
 * The wire's `shell`, run here: command lines in one folder, in a sandbox without network, with a person asked before anything that may write. Commands of one call run one after the other;
 * each has its own shell, and everything it started is killed with it.
 *
 * Without a sandbox on this machine nothing is run, and the model is told which line installs one.
 *
 * @throws ConfigError `invalid_config`
 */
export const shell = (options: ShellOptions): BuiltInTool => {
  const settings = toShellSettings(options)
  const shared = sharedRunner(settings.makeRunner)
  const declaration: ToolDefinition = { type: 'shell', environment: { type: 'local' } }
  const make = (isLocal: boolean): Tool =>
    tool({
      name: 'shell',
      description: `Run command lines in the workspace ${settings.isSandboxed ? WORKSPACE : settings.root}. Each begins there, in a new shell without input. Nothing of one command is left for the next but files.`,
      inputSchema: ShellArguments,
      effect: settings.isReadOnly ? 'read' : 'write',
      timeoutMs: callTimeoutMs(settings.maxTimeoutMs),
      // One call at a time: what a command sees is what the one before it left.
      key: () => settings.root,
      needsApproval: ({ commands }) => askBefore(settings, { lines: commands }),
      view: shellView(isLocal ? { type: 'local' } : null),
      execute: async (given, { signal }) => {
        const output = await runShell(settings, shared, {
          commands: { lines: given.commands },
          timeoutMs: given.timeout_ms,
          maxOutputBytes: given.max_output_length,
          signal,
        })
        return toolOutput({ content: shellText(given.commands, output), details: { output } })
      },
    }) as Tool
  const tools = { local: make(true), served: make(false) }
  return {
    kind: 'built-in',
    name: 'shell',
    types: ['shell'],
    declaration,
    runs: 'local',
    itemTypes: ['shell_call', 'shell_call_output'],
    open: (declared) => {
      const { isLocal } = checkEnvironment(declared, declaration)
      shared.take()
      return {
        tools: [isLocal ? tools.local : tools.served],
        instructions: shellInstructions(
          settings.isSandboxed ? WORKSPACE : settings.root,
          settings.isSandboxed,
          settings.isReadOnly,
        ),
        close: () => shared.release(),
      }
    },
    replay,
  }
}
