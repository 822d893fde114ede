import { parentPort, workerData } from 'node:worker_threads'
import { getQuickJS, type QuickJSContext, type QuickJSHandle } from 'quickjs-emscripten'
import type { EvaluatedMessage, EvaluateMessage, WorkerOptions } from './messages.ts'
import { prelude } from './prelude.ts'

const options = workerData as WorkerOptions

/** What one evaluation sees and leaves. */
interface Evaluation {
  logs: string
  isCut: boolean
  files: Map<string, string>
  written: Map<string, string>
}

let current: Evaluation = { logs: '', isCut: false, files: new Map(), written: new Map() }

const write = (text: string): void => {
  const room = options.outputChars - current.logs.length
  if (text.length > room) current.isCut = true
  current.logs += text.slice(0, Math.max(0, room))
}

const save = (path: string, text: string): string | undefined => {
  const others = [...current.written].reduce(
    (sum, [name, each]) => sum + (name === path ? 0 : each.length),
    0,
  )
  if (others + text.length > options.fileBytes)
    return `No more than ${options.fileBytes} characters may be written.`
  current.files.set(path, text)
  current.written.set(path, text)
  return undefined
}

/** Functions of ours that the code inside may call: they take and give texts, and nothing of the host. */
const offerHost = (vm: QuickJSContext): void => {
  const host = vm.newObject()
  const offer = (name: string, call: (...texts: string[]) => string | undefined): void => {
    const made = vm.newFunction(name, (...handles) => {
      const answer = call(...handles.map((handle) => vm.getString(handle)))
      return answer === undefined ? vm.undefined : vm.newString(answer)
    })
    vm.setProp(host, name, made)
    made.dispose()
  }
  offer('write', (text = '') => void write(text))
  offer('read', (path = '') => current.files.get(path))
  offer('save', (path = '', text = '') => save(path, text))
  offer('list', () => JSON.stringify([...current.files.keys()].sort()))
  vm.setProp(vm.global, '__host', host)
  host.dispose()
}

const quickJs = await getQuickJS()
const runtime = quickJs.newRuntime()
runtime.setMemoryLimit(options.memoryBytes)
runtime.setMaxStackSize(options.stackBytes)
const vm = runtime.newContext()
offerHost(vm)
const show = vm.unwrapResult(vm.evalCode(prelude, 'prelude.js'))

const JOBS_AT_ONCE = 1_000

const textOf = (handle: QuickJSHandle): string => {
  const shown = vm.callFunction(show, vm.undefined, handle)
  if (shown.error) {
    shown.error.dispose()
    return '[cannot be shown]'
  }
  return shown.value.consume((each) => vm.getString(each))
}

/** The outcome of a promise that nothing inside can settle any more is that it waits. */
const settled = (
  handle: QuickJSHandle,
): { readonly error?: QuickJSHandle; readonly value?: QuickJSHandle } => {
  const state = vm.getPromiseState(handle)
  if (state.type === 'fulfilled') return { value: state.value }
  if (state.type === 'rejected') return { error: state.error }
  return { value: vm.newString('[a promise that nothing will settle]') }
}

const evaluate = ({ id, code, timeoutMs, files }: EvaluateMessage): EvaluatedMessage => {
  current = { logs: '', isCut: false, files: new Map(Object.entries(files)), written: new Map() }
  const deadline = Date.now() + timeoutMs
  let isOver = false
  const until = (end: number) => (): boolean => {
    if (Date.now() >= end) isOver = true
    return Date.now() >= end
  }
  runtime.setInterruptHandler(until(deadline))
  let end: EvaluatedMessage['end'] = 'value'
  let value: string | undefined
  const fail = (error: QuickJSHandle): void => {
    end = 'error'
    // Showing it is code inside, too.
    const showUntil = Date.now() + 200
    runtime.setInterruptHandler(() => Date.now() >= showUntil)
    write(`${textOf(error)}\n`)
  }
  const result = vm.evalCode(code, 'code.js')
  if (result.error) {
    fail(result.error)
    result.error.dispose()
  } else {
    // In pieces: jobs may make new ones without end, each too short to be interrupted.
    while (runtime.hasPendingJob() && end === 'value' && !until(deadline)()) {
      const jobs = runtime.executePendingJobs(JOBS_AT_ONCE)
      if (jobs.error) {
        fail(jobs.error)
        jobs.error.dispose()
      }
    }
    // What was interrupted may have been caught inside, or be the end of a promise only.
    if (end === 'value' && !isOver) {
      const last = settled(result.value)
      if (last.error) fail(last.error)
      else if (last.value && vm.typeof(last.value) !== 'undefined')
        value = textOf(last.value).slice(0, options.outputChars)
    }
    result.value.dispose()
  }
  const { logs, isCut, written } = current
  const isStuck = runtime.hasPendingJob()
  return {
    id,
    end: isOver ? 'timeout' : end,
    logs,
    isCut,
    value,
    files: Object.fromEntries(written),
    isStuck,
  }
}

parentPort?.on('message', (message: EvaluateMessage) => parentPort?.postMessage(evaluate(message)))
parentPort?.postMessage('ready')
