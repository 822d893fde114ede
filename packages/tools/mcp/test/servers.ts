import { type ChildProcess, spawn } from 'node:child_process'
import { createServer } from 'node:http'
import { createRequire } from 'node:module'
import type { AddressInfo } from 'node:net'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { McpCommand, McpTarget } from '@antiphon/mcp'

const require = createRequire(import.meta.url)

/** Programs of servers that nobody here wrote. */
const PROGRAMS = {
  everything: require.resolve('@modelcontextprotocol/server-everything/package.json'),
  filesystem: require.resolve('@modelcontextprotocol/server-filesystem/package.json'),
  memory: require.resolve('@modelcontextprotocol/server-memory/package.json'),
}

export const programOf = (name: keyof typeof PROGRAMS): string =>
  join(dirname(PROGRAMS[name]), 'dist/index.js')

export const command = (
  name: Parameters<typeof programOf>[0],
  args: string[] = [],
  env = {},
): McpCommand => ({
  command: process.execPath,
  args: [programOf(name), ...args],
  env,
})

export const target = (label: string, server: McpTarget['server'], trusted = true): McpTarget => ({
  label,
  server,
  trusted,
})

/** A server of ours that misbehaves as it is told to. */
export const hostile = (mode: string, env: Record<string, string> = {}): McpCommand => ({
  command: process.execPath,
  args: [fileURLToPath(new URL('./programs/hostile.mjs', import.meta.url)), mode],
  env,
})

/** A port that is free now. */
export const freePort = async (): Promise<number> => {
  const probe = createServer().listen(0, '127.0.0.1')
  await new Promise((resolve) => probe.once('listening', resolve))
  const { port } = probe.address() as AddressInfo
  await new Promise((resolve) => probe.close(resolve))
  return port
}

export interface Started {
  readonly url: string
  stop(): Promise<void>
}

/** The server "everything" over streamable HTTP. */
export const startEverything = async (given?: number): Promise<Started> => {
  const port = given ?? (await freePort())
  const child = spawn(process.execPath, [programOf('everything'), 'streamableHttp'], {
    env: { ...process.env, PORT: String(port) },
    stdio: 'ignore',
  })
  const url = `http://127.0.0.1:${port}/mcp`
  await answers(url, child)
  return { url, stop: () => stop(child) }
}

const answers = async (url: string, child: ChildProcess): Promise<void> => {
  for (let tries = 0; tries < 300; tries++) {
    if (child.exitCode !== null) throw new Error('The server ended before it answered.')
    const answer = await fetch(url).catch(() => undefined)
    await answer?.body?.cancel()
    if (answer !== undefined) return
    await new Promise((resolve) => setTimeout(resolve, 100))
  }
  throw new Error('The server did not answer.')
}

const stop = async (child: ChildProcess): Promise<void> => {
  if (child.exitCode !== null || child.signalCode !== null) return
  const ended = new Promise((resolve) => child.once('exit', resolve))
  child.kill('SIGKILL')
  await ended
}
