import type { InputItem, LocalShellCall, LocalShellCallOutput, OutputItem } from '@antiphon/client'
import {
  type BuiltInTool,
  type ItemView,
  type ShownCall,
  type Tool,
  ToolRetry,
  tool,
  toolOutput,
} from 'antiphon'
import { WORKSPACE } from '../command/sandbox-runner.ts'
import { askBefore, runShell } from './run-shell.ts'
import { sharedRunner } from './shared-runner.ts'
import {
  callTimeoutMs,
  LocalShellArguments,
  looseArguments,
  numberOrNull,
  textsIn,
} from './shell-arguments.ts'
import { type ShellOptions, toShellSettings } from './shell-options.ts'
import { shellInstructions, shellText } from './shell-text.ts'
import { textOf } from './shell-view.ts'

const itemOf = (call: ShownCall, status: LocalShellCall['status']): LocalShellCall => {
  const given = looseArguments(call.arguments)
  const folder = given.working_directory
  return {
    type: 'local_shell_call',
    id: call.id,
    call_id: call.callId,
    action: {
      type: 'exec',
      command: textsIn(given.command),
      env: {},
      timeout_ms: numberOrNull(given.timeout_ms),
      working_directory: typeof folder === 'string' ? folder : null,
    },
    status,
  }
}

const view: ItemView = {
  idPrefix: 'lsh',
  approvalAs: { serverLabel: 'shell', name: 'local_shell' },
  begin: (call) => ({ item: itemOf(call, 'in_progress'), events: [] }),
  end: (call) => {
    const status = call.outcome === 'ok' ? 'completed' : 'incomplete'
    // The wire has the call's `call_id` as the id of this item.
    const output: LocalShellCallOutput = {
      type: 'local_shell_call_output',
      id: call.callId,
      output: textOf(call.output),
      status,
    }
    return { events: [], item: itemOf(call, status), after: [output as unknown as OutputItem] }
  },
}

const replay = (item: InputItem): readonly InputItem[] => {
  if (item.type === 'local_shell_call') {
    const { call_id, action } = item as LocalShellCall
    const { command, timeout_ms, working_directory } = action
    const given = JSON.stringify({ command, timeout_ms, working_directory })
    return [{ type: 'function_call', call_id, name: 'local_shell', arguments: given }] as InputItem[]
  }
  const { id, output } = item as LocalShellCallOutput
  return [{ type: 'function_call_output', call_id: id, output }] as InputItem[]
}

/** A folder below the root, as the model named it: relative, or from where it sees the root. */
const folderOf = (named: string | null | undefined, seen: string): string => {
  if (named === undefined || named === null) return ''
  const relative = named === seen || named.startsWith(`${seen}/`) ? named.slice(seen.length + 1) : named
  if (relative.startsWith('/') || relative.split('/').includes('..') || relative.includes('\0'))
    throw new ToolRetry(`\`working_directory\` has to be a folder of the workspace, relative to ${seen}.`)
  return relative
}

/**
 * The wire's older `local_shell`, run here: one program with its arguments, as `shell` runs them in everything else.
 *
 * @throws ConfigError `invalid_config`
 */
export const localShell = (options: ShellOptions): BuiltInTool => {
  const settings = toShellSettings(options)
  const shared = sharedRunner(settings.makeRunner)
  const seen = settings.isSandboxed ? WORKSPACE : settings.root
  const run = tool({
    name: 'local_shell',
    description: `Run a program with its arguments in the workspace ${seen}. No shell reads them, unless the program is one.`,
    inputSchema: LocalShellArguments,
    effect: settings.isReadOnly ? 'read' : 'write',
    timeoutMs: callTimeoutMs(settings.maxTimeoutMs),
    key: () => settings.root,
    needsApproval: ({ command }) => askBefore(settings, { argv: command }),
    view,
    execute: async ({ command, timeout_ms, working_directory }, { signal }) => {
      const output = await runShell(settings, shared, {
        commands: { argv: command },
        timeoutMs: timeout_ms,
        folder: folderOf(working_directory, seen),
        signal,
      })
      return toolOutput({ content: shellText([], output), details: { output } })
    },
  }) as Tool
  return {
    kind: 'built-in',
    name: 'local_shell',
    types: ['local_shell'],
    declaration: { type: 'local_shell' },
    runs: 'local',
    itemTypes: ['local_shell_call', 'local_shell_call_output'],
    open: () => {
      shared.take()
      return {
        tools: [run],
        instructions: shellInstructions(seen, settings.isSandboxed, settings.isReadOnly),
        close: () => shared.release(),
      }
    },
    replay,
  }
}
