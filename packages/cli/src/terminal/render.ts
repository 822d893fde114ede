import type { RunEvent, ToolEndedEvent } from 'antiphon'
import { answerText, textOf } from './answer-text.ts'
import { formatCall, formatMs } from './format.ts'
import { oneLine } from './neutralise.ts'
import type { Colors } from './terminal.ts'

/** What an event makes visible: a piece of the answer, or a line beside it. */
type Piece =
  | { readonly kind: 'answer'; readonly text: string }
  | { readonly kind: 'line'; readonly text: string }

/** Turns the events of a run, and of those that resume it, into what is shown of them. Writes nothing and reads no clock. */
export interface Renderer {
  render(event: RunEvent): readonly Piece[]
  /** What is going on now, for a status line; undefined while the answer is written. */
  status(): string | undefined
}

interface Call {
  readonly number: number
  /** Name and arguments; the name alone once a person may have changed the arguments. */
  text: string
  readonly name: string
  running: boolean
}

/** A renderer for one turn; `width` is the length of a line. */
export const createRenderer = ({ colors, width }: { colors: Colors; width: number }): Renderer => {
  const calls = new Map<string, Call>()
  const answer = answerText()
  let thinking = false

  const line = (text: string): Piece => ({ kind: 'line', text })

  /** Calls are told apart by their number: call ids of a sub-agent may be those of its parent. */
  const callAt = (path: string, id: string, name: string, args?: string): Call => {
    const key = `${path}${id}`
    const known = calls.get(key)
    if (known !== undefined) return known
    const text =
      args === undefined
        ? oneLine(name, 64)
        : formatCall(name, args, width - 16 - 2 * path.split('\n').length)
    const call = { number: calls.size + 1, text, name: oneLine(name, 64), running: false }
    calls.set(key, call)
    return call
  }

  const ended = (call: Call, event: ToolEndedEvent): string => {
    const spent = `waited ${formatMs(event.queuedMs)}, ran ${formatMs(event.durationMs)}`
    const { outcome } = event
    const note = oneLine(outcomeText(event), Math.max(20, width - 50 - call.name.length))
    if (outcome === 'ok')
      return `${colors.green('✓')} ${call.number} ${call.name}  ${colors.dim(spent)}${note === '' ? '' : `  ${note}`}`
    const why = `${outcome.replace('_', ' ')}: ${note}`
    return `${colors.red('✗')} ${call.number} ${call.name}  ${call.running ? `${colors.dim(spent)}  ` : ''}${colors.red(why)}`
  }

  /** Lines of a run or, with a path, of a sub-agent's. */
  const lines = (event: RunEvent, path: string, who: string): readonly Piece[] => {
    const indent = '  '.repeat(path === '' ? 0 : path.split('\n').length - 1)
    const own = (text: string): Piece[] => [line(indent + text)]
    switch (event.type) {
      case 'tool.queued':
        callAt(path, event.callId, event.name, event.arguments)
        return []
      case 'tool.started': {
        const call = callAt(path, event.callId, event.name)
        call.running = true
        const again = event.attempt > 1 ? colors.yellow(`  attempt ${event.attempt}`) : ''
        return own(`${colors.cyan('▸')} ${call.number} ${who}${call.text}${again}`)
      }
      case 'tool.ended': {
        const call = callAt(path, event.callId, event.name)
        const shown = own(ended(call, event))
        call.running = false
        return shown
      }
      case 'tool.pending': {
        const call = callAt(path, event.call.callId, event.call.name, event.call.arguments)
        const asked = call.text
        call.text = call.name
        const awaited = event.call.kind === 'approval' ? 'approval' : 'its output from you'
        return own(
          `${colors.yellow('?')} ${call.number} ${who}${asked}  ${colors.yellow(`waits for ${awaited}`)}`,
        )
      }
      case 'tool.discarded': {
        const call = callAt(path, event.callId, event.name)
        call.running = false
        return own(`${colors.yellow('-')} ${call.number} ${call.name}  discarded: its response failed`)
      }
      case 'response.output_item.done': {
        // Tools that the endpoint runs itself.
        const type = (event as { item?: { type?: unknown; status?: unknown } }).item?.type
        if (typeof type !== 'string' || !/_call$/.test(type) || /^(?:function|custom_tool)_call$/.test(type))
          return []
        return own(`${colors.cyan('▪')} ${oneLine(type, 64)}  ${colors.dim('by the endpoint')}`)
      }
      case 'agent.changed':
        return own(`${colors.cyan('⇢')} ${oneLine(event.from, 64)} hands over to ${oneLine(event.to, 64)}`)
      case 'agent.event':
        return lines(event.event, `${path}${event.callId}\n`, `${oneLine(event.agent, 64)} › `)
      case 'limit.reached':
        return own(colors.yellow(`! limit ${event.limit} reached: ${event.used} of ${event.max}`))
      case 'warning':
        return own(colors.yellow(`! ${oneLine(event.message, 400)}`))
      default:
        return []
    }
  }

  return {
    render(event) {
      if (event.type === 'turn.started') thinking = true
      const text = answer(event)
      if (text !== '') {
        thinking = false
        return [{ kind: 'answer', text }]
      }
      if (event.type === 'turn.ended' || event.type === 'run.ended') thinking = false
      return lines(event, '', '')
    },
    status() {
      const running = [...calls.values()].filter((call) => call.running).map(({ name }) => name)
      const names = [...new Set(running)]
      if (names.length > 3) return `${running.length} calls running`
      if (names.length > 0) return `${names.map((name) => times(name, running)).join(', ')} running`
      return thinking ? 'thinking' : undefined
    },
  }
}

/** `read_file`, `read_file × 3` */
const times = (name: string, running: readonly string[]): string => {
  const count = running.filter((other) => other === name).length
  return count === 1 ? name : `${name} × ${count}`
}

/** What a call gave, in few words: the summary its tool made for people, else its output. */
const outcomeText = ({ details, output, outcome }: ToolEndedEvent): string => {
  const summary = (details as { summary?: unknown } | null | undefined)?.summary
  if (typeof summary === 'string' && outcome === 'ok') return summary
  const given = output?.output
  const text = typeof given === 'string' ? given : Array.isArray(given) ? textOf(given) : ''
  return outcome === 'ok' ? text : text.replace(/^(?:Error|Aborted|Not executed): /, '')
}
