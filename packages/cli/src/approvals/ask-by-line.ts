import { answer, approve, reject } from 'antiphon'
import { INTERRUPTED, type LineSource } from '../line-source.ts'
import type { Ask } from './approver.ts'
import { describePending, readEdited } from './describe-call.ts'

const QUESTION = '[y]es, [n]o <reason>, [e]dit <arguments>, [a]ll of this tool?'

/** Asks in lines, for programs that drive this one: `y`, `n too dear`, `e {"amount":2}`, `a`; for an output, the line itself. */
export const askByLine =
  (lines: LineSource, write: (line: string) => void): Ask =>
  async (call) => {
    write(describePending(call))
    for (;;) {
      write(call.kind === 'approval' ? QUESTION : 'Its output?')
      const line = await lines.next('')
      if (line === undefined) return { kind: 'nobody' }
      if (line === INTERRUPTED) return { kind: 'cancelled' }
      if (call.kind === 'output') return { kind: 'decided', decision: answer(call, line) }
      const [, word = '', rest = ''] = /^\s*(\S*)\s*(.*)$/.exec(line) ?? []
      switch (word.toLowerCase()) {
        case 'y':
        case 'yes':
          return { kind: 'decided', decision: approve(call) }
        case 'n':
        case 'no':
          return { kind: 'decided', decision: reject(call, rest.trim() || undefined) }
        case 'a':
        case 'all':
          return { kind: 'approve all' }
        case 'e':
        case 'edit': {
          const read = readEdited(call, rest)
          if (read.ok) return { kind: 'decided', decision: approve(call, { arguments: read.value }) }
          write(read.problem)
        }
      }
    }
  }
