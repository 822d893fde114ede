import type { SandboxLimits } from '../limits.ts'
import type { SandboxMount } from '../sandbox.ts'

/** Whom a program is inside, whoever it is outside. */
const INSIDE = 1000

/** Files of /etc that are made up. */
const ETC: Readonly<Record<string, string>> = {
  passwd: `sandbox:x:${INSIDE}:${INSIDE}:sandbox:/tmp:/bin/sh\n`,
  group: `sandbox:x:${INSIDE}:\n`,
  hosts: '127.0.0.1 localhost sandbox\n::1 localhost\n',
  'nsswitch.conf': 'passwd: files\ngroup: files\nhosts: files\n',
}

/** Of `/dev/shm`, at most. */
const SHARED_MEMORY_BYTES = 64 * 1024 * 1024

/** What is the same for every command of a sandbox. */
export interface Surroundings {
  /** What `systemFolders` gave. */
  readonly system: readonly string[]
  readonly mounts: readonly SandboxMount[]
}

/** What the arguments of one command are made of. */
export interface SandboxView extends Surroundings {
  readonly cwd: string
  readonly env: Readonly<Record<string, string>>
  readonly limits: SandboxLimits
  /** The number of the first file descriptor that is free for content. */
  readonly firstDescriptor: number
}

/** Bubblewrap's arguments, and what it is to find in the descriptors that they name, in order. */
export const bubblewrapArguments = ({
  system,
  mounts,
  cwd,
  env,
  limits,
  firstDescriptor,
}: SandboxView): { readonly args: readonly string[]; readonly contents: readonly string[] } => {
  const size = (bytes: number): string => String(bytes)
  const etc = Object.entries(ETC)
  const args = [
    // Each by its own name: `--unshare-all` only tries the first one.
    ...['--unshare-user', '--unshare-ipc', '--unshare-pid', '--unshare-net', '--unshare-uts'],
    ...['--unshare-cgroup-try', '--disable-userns', '--die-with-parent', '--new-session'],
    ...['--uid', String(INSIDE), '--gid', String(INSIDE), '--hostname', 'sandbox', '--cap-drop', 'ALL'],
    '--clearenv',
    ...Object.entries(env).flatMap(([name, value]) => ['--setenv', name, value]),
    ...['--perms', '0755', '--dir', '/etc'],
    ...system,
    ...etc.flatMap(([name], index) => ['--ro-bind-data', String(firstDescriptor + index), `/etc/${name}`]),
    ...['--proc', '/proc', '--dev', '/dev'],
    ...['--size', size(Math.min(limits.diskBytes, SHARED_MEMORY_BYTES)), '--tmpfs', '/dev/shm'],
    ...['--size', size(limits.diskBytes), '--tmpfs', '/tmp'],
    ...mounts.flatMap(({ hostPath, path, writable }) => [
      writable === true ? '--bind' : '--ro-bind',
      hostPath,
      path,
    ]),
    // Both are file systems in memory without a size.
    ...['--remount-ro', '/dev', '--remount-ro', '/'],
    ...['--chdir', cwd],
  ]
  return { args, contents: etc.map(([, content]) => content) }
}
