import { createRequire } from 'node:module'
import { join } from 'node:path'

/**
 * Loads a module at the moment it is needed, and synchronously, so that importing Antiphon costs none of it.
 * Looks where Antiphon is installed, then in the working directory (Antiphon linked in from elsewhere).
 */
export const requireFromUser = (name: string): unknown => {
  try {
    return createRequire(import.meta.url)(name)
  } catch (error) {
    if ((error as { code?: unknown }).code !== 'MODULE_NOT_FOUND') throw error
    return createRequire(join(process.cwd(), 'package.json'))(name)
  }
}
