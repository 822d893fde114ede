import { findPrograms } from './bubblewrap/find-programs.ts'
import { type StartedProgram, startProgram } from './bubblewrap/start-program.ts'
import { systemFolders } from './bubblewrap/system-folders.ts'
import { checkEnv, checkMounts, checkWords } from './check-options.ts'
import { limitsFrom, type SandboxLimits } from './limits.ts'
import { runProgram } from './run-program.ts'
import type { Sandbox, SandboxCommand, SandboxOptions } from './sandbox.ts'
import { SandboxError } from './sandbox-error.ts'
import { chooseUser } from './user/choose-user.ts'
import { endUser } from './user/end-user.ts'
import { handOver } from './user/hand-over.ts'
import { diskUse } from './watch/disk-use.ts'

const ENV = { PATH: '/usr/local/bin:/usr/bin:/bin', HOME: '/tmp', TMPDIR: '/tmp', LANG: 'C.UTF-8' }

/** What the first command, which does nothing, may take. */
const PROBE_MS = 20_000

/**
 * Opens a sandbox: no network, no files of the host but programs and what is mounted, no environment, a user of its own where we are root, limits on everything. It is tried once, with all
 * its mounts, before it is given out.
 *
 * @throws ConfigError for options that cannot be; SandboxError `sandbox_unavailable` where there is none: nothing is ever run without.
 */
export const openSandbox = async (options: SandboxOptions = {}): Promise<Sandbox> => {
  const ofSandbox = limitsFrom(options.limits)
  const mounts = await checkMounts(options.mounts)
  const env = checkEnv({ ...ENV, ...options.env })
  const systemPaths = options.systemPaths ?? ['/usr']
  checkWords('systemPaths', systemPaths)
  const programs = await findPrograms(options.bubblewrapPath)
  const user = chooseUser()
  const system = await systemFolders(systemPaths)
  const before = await diskUse(
    mounts.flatMap(({ writable, hostPath }) => (writable === true ? [hostPath] : [])),
  )
  const folders = await handOver(mounts, user)
  const running = new Set<StartedProgram>()
  let closing: Promise<void> | undefined

  const startWith = (command: SandboxCommand, limits: SandboxLimits): StartedProgram => {
    const { argv, cwd = options.cwd ?? '/tmp', signal } = command
    if (closing !== undefined)
      throw new SandboxError(
        'sandbox_closed',
        'The sandbox is closed. Open another one for what is still to run.',
      )
    checkWords('argv', argv)
    checkWords('cwd', [cwd])
    const program = startProgram({
      ...{ programs, user, system, mounts, before, argv, cwd, limits, signal },
      env: command.env === undefined ? env : checkEnv({ ...env, ...command.env }),
    })
    running.add(program)
    const done = (): boolean => running.delete(program)
    program.ended.then(done, done)
    return program
  }

  const close = async (): Promise<void> => {
    const ends = [...running].map((program) => {
      program.kill()
      return program.ended
    })
    await Promise.allSettled(ends)
    if (user !== undefined) endUser(user)
    await folders.takeBack()
  }

  const sandbox: Sandbox = {
    kind: 'bubblewrap',
    user,
    start: (command) => startWith(command, limitsFrom(ofSandbox, command.limits)),
    run: async (command) => {
      const limits = limitsFrom(ofSandbox, command.limits)
      return runProgram(startWith(command, limits), command, limits)
    },
    handOver: () => folders.renew(),
    close: () => (closing ??= close()),
  }
  await probe(sandbox)
  return sandbox
}

/** Runs nothing, the way everything will be run. */
const probe = async (sandbox: Sandbox): Promise<void> => {
  const problem = await sandbox
    .run({ argv: ['/bin/sh', '-c', 'exit 0'], cwd: '/', limits: { wallMs: PROBE_MS } })
    .then(
      ({ end, exitCode, stderr }) =>
        exitCode === 0
          ? undefined
          : new Error(`it ended by ${end} ${exitCode}: ${Buffer.from(stderr).toString().slice(0, 500)}`),
      (cause: unknown) => cause as Error,
    )
  if (problem === undefined) return
  await sandbox.close()
  const whose =
    sandbox.user === undefined
      ? 'this user'
      : `user ${sandbox.user.uid}, as which programs run when we are root`
  throw new SandboxError(
    'sandbox_unavailable',
    `bubblewrap is there and cannot make a sandbox, and nothing is run without one: ${problem.message} If it names a mount, let ${whose} reach that folder. Else let users make namespaces: sysctl -w kernel.unprivileged_userns_clone=1, on Ubuntu also kernel.apparmor_restrict_unprivileged_userns=0; in Docker, --security-opt seccomp=unconfined --security-opt systempaths=unconfined.`,
    { cause: problem },
  )
}
