import { isCancel, select, text } from '@clack/prompts'
import { answer, approve, reject } from 'antiphon'
import type { Ask } from './approver.ts'
import { describePending, readEdited } from './describe-call.ts'

/** Asks on a terminal, with a menu on standard error. */
export const askInMenu: Ask = async (call) => {
  const output = process.stderr
  const message = describePending(call)
  if (call.kind === 'output') {
    const given = await text({ message, placeholder: 'Ctrl-C cancels', output })
    return isCancel(given) ? { kind: 'cancelled' } : { kind: 'decided', decision: answer(call, given ?? '') }
  }
  const choice = await select({
    message,
    output,
    options: [
      { value: 'approve', label: 'Approve' },
      { value: 'edit', label: 'Edit the arguments, then approve' },
      { value: 'reject', label: 'Reject' },
      { value: 'all', label: 'Approve all calls of this tool' },
    ],
  })
  if (isCancel(choice)) return { kind: 'cancelled' }
  if (choice === 'all') return { kind: 'approve all' }
  if (choice === 'approve') return { kind: 'decided', decision: approve(call) }
  if (choice === 'reject') {
    const reason = await text({ message: 'Why? The model reads it.', placeholder: '(no reason)', output })
    if (isCancel(reason)) return { kind: 'cancelled' }
    return { kind: 'decided', decision: reject(call, reason?.trim() || undefined) }
  }
  const edited = await text({
    message: 'Arguments',
    initialValue: call.arguments,
    output,
    validate: (value) => {
      const read = readEdited(call, value ?? '')
      return read.ok ? undefined : read.problem
    },
  })
  if (isCancel(edited)) return { kind: 'cancelled' }
  const read = readEdited(call, edited ?? '')
  return read.ok
    ? { kind: 'decided', decision: approve(call, { arguments: read.value }) }
    : { kind: 'nobody' }
}
