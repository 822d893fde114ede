import { ConfigError } from 'antiphon'
import { isMemoryLimit, type MemoryLimit } from './memory-limit.ts'

/** What code may be written in. */
export type Language = 'python' | 'javascript'

/** Where and how containers run, and what they may have. */
export interface ContainerOptions {
  /**
   * Python needs bubblewrap and a Python on this machine; JavaScript runs anywhere.
   *
   * @defaultValue ['python', 'javascript']
   */
  readonly languages?: readonly Language[]
  /** @defaultValue '/usr/bin/python3' */
  readonly pythonPath?: string
  /** The most memory that a container may ask for. @defaultValue '4g' */
  readonly maxMemory?: MemoryLimit
  /** What one has that does not ask. @defaultValue '1g' */
  readonly memory?: MemoryLimit
  /** One call. @defaultValue 60_000 */
  readonly callTimeoutMs?: number
  /** Minutes without a call after which a container and its files are gone. @defaultValue 20 */
  readonly idleMinutes?: number
  /** The most that one may ask for. @defaultValue 60 */
  readonly maxIdleMinutes?: number
  /** All files of a container. @defaultValue 512 MiB */
  readonly diskBytes?: number
  /** Files of a container. @defaultValue 1_000 */
  readonly maxFiles?: number
  /** Processes and threads of a container. @defaultValue 64 */
  readonly processes?: number
  /** At one time. @defaultValue 16 */
  readonly maxContainersPerTenant?: number
  /** At one time, of all tenants. @defaultValue 64 */
  readonly maxContainers?: number
  /** Where files of containers are. Other users must be able to pass through it. @defaultValue a folder of its own in the system's for temporary files */
  readonly folder?: string
}

/** The same with everything said. */
export type ContainerSettings = Required<Omit<ContainerOptions, 'folder'>> & Pick<ContainerOptions, 'folder'>

/** Fills in what was not said. @throws ConfigError for what cannot be. */
export const containerSettings = (options: ContainerOptions): ContainerSettings => {
  const settings: ContainerSettings = {
    languages: ['python', 'javascript'],
    pythonPath: '/usr/bin/python3',
    maxMemory: '4g',
    memory: '1g',
    callTimeoutMs: 60_000,
    idleMinutes: 20,
    maxIdleMinutes: 60,
    diskBytes: 512 * 1024 * 1024,
    maxFiles: 1_000,
    processes: 64,
    maxContainersPerTenant: 16,
    maxContainers: 64,
    ...Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined)),
  }
  const { languages } = settings
  if (languages.length === 0 || languages.some((each) => each !== 'python' && each !== 'javascript'))
    throw new ConfigError(
      'invalid_config',
      `Expected \`languages\` to be of 'python' and 'javascript', and at least one.`,
    )
  for (const name of ['maxMemory', 'memory'] as const)
    if (!isMemoryLimit(settings[name]))
      throw new ConfigError(
        'invalid_config',
        `Expected \`${name}\` to be 1g, 4g, 16g or 64g, got ${settings[name]}.`,
      )
  for (const [name, value] of Object.entries(settings))
    if (typeof value === 'number' && !(value > 0))
      throw new ConfigError('invalid_config', `Expected \`${name}\` to be above 0, got ${value}.`)
  return settings
}
