import { openSandbox } from '@antiphon/sandbox'
import { onTestFinished } from 'vitest'
import { type ContainerOptions, type Containers, openContainers } from '../src/index.ts'

/** Undefined where Python can be run; else why not. */
export const missing: string | undefined = await openSandbox().then(
  async (sandbox) => {
    const { exitCode } = await sandbox.run({ argv: ['/usr/bin/python3', '--version'] })
    await sandbox.close()
    return exitCode === 0 ? undefined : 'python3'
  },
  (error: { code?: string }) => {
    if (error.code !== 'sandbox_unavailable') throw error
    return 'bubblewrap'
  },
)

export const needs: string = missing === undefined ? '' : ` (skipped: needs ${missing})`

/** Undefined where Python has pandas and matplotlib; else what it lacks. */
export const missingPackages: string | undefined =
  missing ??
  (await (async () => {
    const sandbox = await openSandbox()
    const { exitCode } = await sandbox.run({ argv: ['/usr/bin/python3', '-c', 'import pandas, matplotlib'] })
    await sandbox.close()
    return exitCode === 0 ? undefined : 'python3-pandas and python3-matplotlib'
  })())

export const containersOf = (options?: ContainerOptions): Containers => {
  const containers = openContainers(options)
  onTestFinished(() => containers.close())
  return containers
}

export const textOf = async (content: AsyncIterable<Uint8Array>): Promise<string> => {
  const pieces: Uint8Array[] = []
  for await (const piece of content) pieces.push(piece)
  return Buffer.concat(pieces).toString('utf8')
}
