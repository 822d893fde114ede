import type { OpenSession } from 'antiphon'

/** An item of a history. */
export type Item = OpenSession['items'][number]
