import { randomBytes } from 'node:crypto'

/** A new id with its prefix. */
export const newId = (prefix: 'vs' | 'vsfb'): string => `${prefix}_${randomBytes(16).toString('hex')}`
