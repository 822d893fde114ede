import { execFile } from 'node:child_process'
import { lstat } from 'node:fs/promises'
import { promisify } from 'node:util'
import type { SandboxMount } from '../sandbox.ts'
import { SandboxError } from '../sandbox-error.ts'
import type { SandboxUser } from './choose-user.ts'

const execute = promisify(execFile)

/** Folders that belong to a sandbox while it is open. */
export interface HandedOver {
  /** Again, for what was put into them since. */
  renew(): Promise<void>
  /** They belong to whom they belonged before. No process of the sandbox may be left. */
  takeBack(): Promise<void>
}

/** Gives the user of a sandbox the folders that are his while it is open. */
export const handOver = async (
  mounts: readonly SandboxMount[],
  user: SandboxUser | undefined,
): Promise<HandedOver> => {
  if (user === undefined) return { renew: async () => {}, takeBack: async () => {} }
  const folders = await Promise.all(
    mounts
      .filter((mount) => mount.handOver === true && mount.writable === true)
      .map(async ({ hostPath }) => {
        const { uid, gid } = await lstat(hostPath)
        return { hostPath, owner: { uid, gid } }
      }),
  )
  const renew = async (): Promise<void> => {
    for (const { hostPath } of folders) await give(hostPath, user)
  }
  await renew()
  return {
    renew,
    takeBack: async () => {
      for (const { hostPath, owner } of folders) await give(hostPath, owner)
    },
  }
}

/** By chown, which walks by open folders and follows no link, whoever changes the tree meanwhile. */
const give = async (path: string, { uid, gid }: SandboxUser): Promise<void> => {
  try {
    await execute('chown', ['-R', '-h', '-P', `${uid}:${gid}`, '--', path])
  } catch (cause) {
    // A file that went away while it walked is no failure.
    const { stderr = '' } = cause as { stderr?: string }
    const lines = stderr.split('\n').filter((line) => line !== '' && !line.includes('No such file'))
    if (lines.length === 0 && stderr !== '') return
    throw new SandboxError(
      'sandbox_failed',
      `The folder ${path} could not be given to the user of the sandbox: ${lines[0] ?? String(cause)}`,
      { cause },
    )
  }
}
