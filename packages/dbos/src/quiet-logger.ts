import type { DLogger } from '@dbos-inc/dbos-sdk'

/** Takes what DBOS reports: a level, a text, and the error where there is one. */
export type EngineLog = (level: 'debug' | 'info' | 'warn' | 'error', message: string, error?: unknown) => void

/** DBOS writes to the console by itself; with this it writes where it is told, which is nowhere by default. */
export const loggerOf = (log: EngineLog | undefined): DLogger => ({
  debug: (entry) => log?.('debug', String(entry)),
  info: (entry) => log?.('info', String(entry)),
  warn: (entry) => log?.('warn', String(entry)),
  error: (entry, metadata) => log?.('error', String(entry), metadata?.error),
})
