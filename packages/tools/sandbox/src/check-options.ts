import { realpath } from 'node:fs/promises'
import { ConfigError } from 'antiphon'
import type { SandboxMount, SandboxOptions } from './sandbox.ts'

/** Places inside that are made by us. */
const TAKEN = /^\/(proc|dev|sys|etc|usr|bin|sbin|lib[^/]*)(\/|$)|^\/tmp$/
/** Places of the host that lead to all of it. */
const TOO_MUCH = /^\/$|^\/(proc|sys|dev|run|var\/run)(\/|$)/

const fail = (message: string): never => {
  throw new ConfigError('invalid_config', message)
}

/** The mounts, with the links in their host paths resolved. @throws ConfigError */
export const checkMounts = async (
  mounts: SandboxOptions['mounts'] = [],
): Promise<readonly SandboxMount[]> => {
  const checked = await Promise.all(
    mounts.map(async (mount) => {
      const { path } = mount
      const parts = path.split('/').slice(1)
      if (
        !path.startsWith('/') ||
        path.includes('\0') ||
        parts.some((part) => ['', '.', '..'].includes(part))
      )
        fail(
          `Expected \`path\` of a mount to be absolute and plain, such as /workspace, got ${JSON.stringify(path)}.`,
        )
      if (TAKEN.test(path)) fail(`${path} is made by the sandbox itself: choose another place for the mount.`)
      const hostPath = await realpath(mount.hostPath).catch((cause: Error) =>
        fail(`The host path ${mount.hostPath} of a mount is not there: ${cause.message}`),
      )
      if (TOO_MUCH.test(hostPath))
        fail(`${hostPath} leads to all of the host: mount the one folder that is needed.`)
      return { ...mount, hostPath }
    }),
  )
  const paths = checked.map(({ path }) => path)
  if (new Set(paths).size < paths.length) fail('Two mounts have one place.')
  return checked
}

/** An environment whose names and values can be one. @throws ConfigError */
export const checkEnv = (env: Readonly<Record<string, string>>): Readonly<Record<string, string>> => {
  for (const [name, value] of Object.entries(env))
    if (!/^[A-Za-z_][A-Za-z0-9_]*$/.test(name) || typeof value !== 'string' || value.includes('\0'))
      fail(`${JSON.stringify(name)} cannot be in an environment with what it was given.`)
  return env
}

/** Arguments and folders that can be given to a program. @throws ConfigError */
export const checkWords = (name: string, words: readonly string[]): void => {
  if (words.length === 0 || words.some((word) => typeof word !== 'string' || word.includes('\0')))
    fail(`Expected \`${name}\` to be texts without a zero byte, and at least one.`)
}
