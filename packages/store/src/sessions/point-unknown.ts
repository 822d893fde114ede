import { type HistoryPoint, JournalError } from 'antiphon'

/** @throws JournalError `point_unknown` for what cannot be a point. */
export const checkPoint = (at: HistoryPoint): void => {
  if (typeof at.line !== 'string' || at.line.includes('\0') || !Number.isSafeInteger(at.n) || at.n < 1)
    throw pointUnknown(at)
}

/** No line has the point, or not any more. */
export const pointUnknown = ({ line, n }: HistoryPoint): JournalError =>
  new JournalError(
    'point_unknown',
    `The store has no history "${line}" with a turn ${n}: it was deleted, or belongs to another store.`,
  )
