import { JournalError } from 'antiphon'

const ATTEMPTS = 5
/** SQLSTATE of Postgres; SQLite has one writer at a time. A row that is needed went away meanwhile, or one that goes away is needed; two waited for each other. */
const MEANWHILE = new Set(['23503', '40P01'])

/** Tries again when somebody else changed, at the same moment, what this builds on. */
export const pastOthers = async <T>(work: () => Promise<T>): Promise<T> => {
  for (let attempt = 1; ; attempt++) {
    try {
      return await work()
    } catch (error) {
      if (attempt === ATTEMPTS || !isMeanwhile(error)) throw error
    }
  }
}

const isMeanwhile = (error: unknown): boolean =>
  error instanceof JournalError &&
  (error.code === 'point_unknown' ||
    MEANWHILE.has(String((error.cause as { code?: unknown } | undefined)?.code)))
