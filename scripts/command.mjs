/** Runs a program to its end with its output captured, within a time limit that takes its children along. */
import { spawn } from 'node:child_process'
import { delimiter, join } from 'node:path'
import { root } from './setup.mjs'

/**
 * @typedef {{ ok: boolean, code: number | null, output: string, stdout: string, seconds: number, timedOut: boolean }} Outcome
 */

/**
 * Never rejects: a program that cannot start is an outcome with `ok: false`. Standard input is empty.
 * @param {string[]} command program and arguments; programs of node_modules/.bin are found by name
 * @param {{ cwd?: string, env?: NodeJS.ProcessEnv, timeoutMs?: number, echo?: boolean }} [options]
 *   `timeoutMs` 10 minutes by default; `echo` passes the output on as it comes
 * @returns {Promise<Outcome>}
 */
export async function runCommand([program = '', ...args], options = {}) {
  const { cwd = root, env = process.env, timeoutMs = 600_000, echo = false } = options
  const started = performance.now()
  const path = [join(root, 'node_modules/.bin'), env.PATH].join(delimiter)
  const windows = process.platform === 'win32'
  const child = spawn(program, args, {
    cwd,
    env: { ...env, PATH: path },
    shell: windows,
    detached: !windows,
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const text = { output: '', stdout: '' }
  const keep = (/** @type {Buffer} */ chunk, /** @type {boolean} */ standard) => {
    text.output += chunk
    if (standard) text.stdout += chunk
    if (echo) process.stdout.write(chunk)
  }
  child.stdout.on('data', (chunk) => keep(chunk, true))
  child.stderr.on('data', (chunk) => keep(chunk, false))

  const stop = (/** @type {NodeJS.Signals} */ signal) => killTree(child, signal)
  const interrupted = () => {
    stop('SIGTERM')
    process.exit(130)
  }
  process.once('SIGINT', interrupted)
  let timedOut = false
  const timer = setTimeout(() => {
    timedOut = true
    stop('SIGKILL')
  }, timeoutMs)
  const code = await new Promise((resolve) => {
    child.on('error', (error) => {
      text.output += `${program}: ${error.message}\n`
      resolve(127)
    })
    child.on('close', resolve)
  })
  clearTimeout(timer)
  process.off('SIGINT', interrupted)
  stop('SIGKILL')
  if (timedOut) text.output += `\nStopped after ${timeoutMs / 1000} s.\n`
  const seconds = (performance.now() - started) / 1000
  return { ok: code === 0, code, ...text, seconds, timedOut }
}

/** @param {import('node:child_process').ChildProcess} child @param {NodeJS.Signals} signal */
function killTree(child, signal) {
  if (child.pid === undefined) return
  try {
    if (process.platform === 'win32') child.kill(signal)
    else process.kill(-child.pid, signal)
  } catch (error) {
    // ESRCH: the whole group has ended already.
    if (/** @type {NodeJS.ErrnoException} */ (error).code !== 'ESRCH') throw error
  }
}

/** `1.2 s`, aligned for a list of steps. @param {number} seconds */
export function formatSeconds(seconds) {
  return `${seconds.toFixed(1).padStart(6)} s`
}
