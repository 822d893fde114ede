import type {
  Decision,
  EndValue,
  LogRecord,
  ModelAbout,
  PendingCall,
  RecordValues,
  ToolValue,
  WaitValue,
} from 'antiphon'

type Response = RecordValues['model']

/** A call of a logged turn. */
export interface CallView {
  readonly callId: string
  readonly name: string
  readonly arguments: string
  /** What became of it; undefined when the log does not say. */
  readonly outcome?: ToolValue['outcome'] | undefined
  readonly output?: unknown
  readonly ms?: number | undefined
  /** That it waited for somebody, and what was decided. */
  readonly waited?: PendingCall['kind'] | undefined
  readonly decision?: Decision | undefined
  /** It was about to happen when the process ended. */
  readonly announced: boolean
  /** Turns of an agent that ran inside it. */
  readonly turns: readonly TurnView[]
}

/** A model call of a log, with the calls that it led to. */
export interface TurnView {
  readonly key: string
  /** From 1, as people count. */
  readonly number: number
  readonly agent: string
  readonly ms: number | undefined
  readonly response: Response
  readonly calls: readonly CallView[]
}

/** A run as its log has it. */
export interface RunView {
  readonly turns: readonly TurnView[]
  /** Turns and calls of all agents in it. */
  readonly counts: { readonly turns: number; readonly toolCalls: number }
  readonly end: EndValue | undefined
  /** Calls that still wait for a decision. */
  readonly pending: readonly PendingCall[]
}

/** Puts the records of a log together: turns, their calls, and what ran inside of these. */
export const viewOf = (records: readonly LogRecord[]): RunView => {
  const log = new Map(records.map((record) => [record.key, record]))
  const models = records.filter(({ kind }) => kind === 'model')
  const waits = records.filter(({ kind }) => kind === 'wait')
  const outputs = givenOutputs(models)

  const turnsOf = (scope: string): TurnView[] =>
    models.filter(({ key }) => scopeOf(key) === scope).map((record) => turnOf(scope, record))

  const turnOf = (scope: string, { key, ms, about, value }: LogRecord): TurnView => {
    const turn = key.slice(0, -'/model'.length)
    const response = value as Response
    const wait = log.get(`${turn}/wait`)?.value as WaitValue | undefined
    return {
      key,
      number: Number(turn.slice(scope.length + 1)) + 1,
      agent: (about as ModelAbout).agent,
      ms,
      response,
      calls: callsIn(response).map((call) => callOf(turn, scope, call, wait)),
    }
  }

  const callOf = (turn: string, scope: string, call: NamedCall, wait: WaitValue | undefined): CallView => {
    const key = `${turn}/tool/${call.callId}`
    const record = log.get(key)
    const value = record?.value as ToolValue | undefined
    return {
      ...call,
      outcome: value?.outcome,
      output: value?.output ?? outputs.get(`${scope} ${call.callId}`),
      ms: record?.ms,
      waited: wait?.pending.find(({ callId }) => callId === call.callId)?.kind,
      decision: log.get(`${turn}/wait/${call.callId}`)?.value as Decision | undefined,
      announced: log.has(`${key}/intent`),
      turns: turnsOf(`${key}/`),
    }
  }

  const turns = turnsOf('')
  const waiting = waits.flatMap(({ key, value }) =>
    (value as WaitValue).pending.filter(({ callId }) => !log.has(`${key}/${callId}`)),
  )
  return {
    turns,
    counts: { turns: models.length, toolCalls: records.filter(({ kind }) => kind === 'tool').length },
    end: log.get('end')?.value as EndValue | undefined,
    pending: log.has('end') ? [] : waiting,
  }
}

const scopeOf = (key: string): string => key.replace(/t\d+\/model$/, '')

type NamedCall = Pick<CallView, 'callId' | 'name' | 'arguments'>

/** Calls of a response that somebody answers: function calls, and all others with a `call_id`. */
const callsIn = ({ output }: Response): NamedCall[] =>
  output.flatMap((item) => {
    const { call_id, type, name, arguments: args, input } = item as unknown as Record<string, unknown>
    if (typeof call_id !== 'string' || /_output$/.test(String(type))) return []
    const given = args ?? input
    return [
      {
        callId: call_id,
        name: typeof name === 'string' ? name : String(type),
        arguments: typeof given === 'string' ? given : '',
      },
    ]
  })

/** Outputs of calls that have no record of their own, since no tool was run for them: by scope and call id. */
const givenOutputs = (models: readonly LogRecord[]): Map<string, unknown> => {
  const outputs = new Map<string, unknown>()
  for (const { key, about } of models)
    for (const item of (about as ModelAbout).input.add) {
      const { call_id, type } = item as { call_id?: unknown; type?: unknown }
      if (typeof call_id === 'string' && typeof type === 'string' && type.endsWith('_output'))
        outputs.set(`${scopeOf(key)} ${call_id}`, item)
    }
  return outputs
}
