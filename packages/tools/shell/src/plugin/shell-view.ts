import type {
  FunctionCallOutput,
  ShellCall,
  ShellCallOutput,
  ShellCommandOutput,
  ShellEnvironment,
} from '@antiphon/client'
import type { ItemView, ShownCall } from 'antiphon'
import { looseArguments, numberOrNull, textsIn } from './shell-arguments.ts'

/** What a call leaves for its items. */
interface ShellDetails {
  readonly output: ShellCommandOutput[]
}

/** As a shell says that a program could not be run. */
const NOT_RUN = 126

/** What the model was told, as text. */
export const textOf = (output: FunctionCallOutput['output']): string =>
  typeof output === 'string' ? output : JSON.stringify(output)

const actionOf = (call: ShownCall): ShellCall['action'] => {
  const given = looseArguments(call.arguments)
  return {
    commands: textsIn(given.commands),
    timeout_ms: numberOrNull(given.timeout_ms),
    max_output_length: numberOrNull(given.max_output_length),
  }
}

/** Shows calls as `shell_call`, each with its `shell_call_output` behind it. */
export const shellView = (environment: ShellEnvironment | null): ItemView => {
  const itemOf = (call: ShownCall, status: ShellCall['status']): ShellCall => ({
    type: 'shell_call',
    id: call.id,
    call_id: call.callId,
    action: actionOf(call),
    status,
    environment,
  })
  return {
    idPrefix: 'sh',
    approvalAs: { serverLabel: 'shell', name: 'shell' },
    // The wire has events for each command, and the official SDK's reader of streams throws at them: the item has its commands from the start.
    begin: (call) => ({ item: itemOf(call, 'in_progress'), events: [] }),
    end: (call) => {
      const isDone = call.outcome === 'ok'
      const details = call.details as ShellDetails | undefined
      const item = itemOf(call, isDone ? 'completed' : 'incomplete')
      const output: ShellCallOutput = {
        type: 'shell_call_output',
        id: `sho_${call.id.replace(/^sh_/, '')}`,
        call_id: call.callId,
        output: details?.output ?? [
          { stdout: '', stderr: textOf(call.output), outcome: { type: 'exit', exit_code: NOT_RUN } },
        ],
        max_output_length: item.action.max_output_length,
        status: isDone ? 'completed' : 'incomplete',
      }
      return { events: [], item, after: [output] }
    },
  }
}
