import type { ResponseStatus } from '@antiphon/store'

/** True when nothing more comes. */
export const isEnded = (status: ResponseStatus): boolean => status !== 'queued' && status !== 'in_progress'
