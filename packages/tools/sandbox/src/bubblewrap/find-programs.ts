import { execFile } from 'node:child_process'
import { access, constants } from 'node:fs/promises'
import { promisify } from 'node:util'
import { SandboxError } from '../sandbox-error.ts'
import { hasSystemCallFilter } from '../seccomp/system-call-filter.ts'

const execute = promisify(execFile)

/** The first version with `--disable-userns`. */
const OLDEST = [0, 8]

/** The programs that make a sandbox, and the machine they were found for. */
export interface SandboxPrograms {
  readonly bubblewrap: string
  readonly prlimit: string
  readonly architecture: 'x64' | 'arm64'
}

/**
 * Finds bubblewrap and prlimit.
 *
 * @throws SandboxError `sandbox_unavailable` with the line that installs what is missing.
 */
export const findPrograms = async (given?: string): Promise<SandboxPrograms> => {
  const { platform, arch } = process
  if (platform !== 'linux')
    throw new SandboxError(
      'sandbox_unavailable',
      `There is no sandbox for programs on ${platform}, and nothing is run without one. Run this on Linux (a container or a virtual machine will do), where bubblewrap is.`,
    )
  if (!hasSystemCallFilter(arch))
    throw new SandboxError(
      'sandbox_unavailable',
      `There is no filter of system calls for ${arch}, and nothing is run without one. x64 and arm64 have one.`,
    )
  const bubblewrap = given ?? (await find('bwrap'))
  if (bubblewrap === undefined)
    throw new SandboxError(
      'sandbox_unavailable',
      'bubblewrap is not installed, and nothing is run without it. Install it: apt-get install -y bubblewrap (Debian, Ubuntu), dnf install -y bubblewrap (Fedora), apk add bubblewrap util-linux (Alpine).',
    )
  const prlimit = await find('prlimit')
  if (prlimit === undefined)
    throw new SandboxError(
      'sandbox_unavailable',
      'prlimit is not installed, and nothing is run without limits. Install it: apt-get install -y util-linux (Debian, Ubuntu), apk add util-linux (Alpine).',
    )
  await checkVersion(bubblewrap)
  return { bubblewrap, prlimit, architecture: arch }
}

/** Where a program is: only where the system has its own, since it is run as whoever we are. */
const find = async (name: string): Promise<string | undefined> => {
  for (const folder of ['/usr/bin', '/bin', '/usr/local/bin']) {
    const path = `${folder}/${name}`
    const isThere = await access(path, constants.X_OK).then(
      () => true,
      () => false,
    )
    if (isThere) return path
  }
  return undefined
}

const checkVersion = async (path: string): Promise<void> => {
  const text = await execute(path, ['--version'], { env: {}, timeout: 10_000 }).then(
    ({ stdout }) => stdout,
    (cause) => {
      throw new SandboxError('sandbox_unavailable', `${path} does not run: ${(cause as Error).message}`, {
        cause,
      })
    },
  )
  const [major = 0, minor = 0] = (/(\d+)\.(\d+)/.exec(text) ?? []).slice(1).map(Number)
  if (major > OLDEST[0]! || (major === OLDEST[0]! && minor >= OLDEST[1]!)) return
  throw new SandboxError(
    'sandbox_unavailable',
    `${path} is ${text.trim()}, and ${OLDEST.join('.')} is the first that can do what is needed. Install a newer one (Debian 12, Ubuntu 24.04 and Fedora have it).`,
  )
}
