import { type Difference, firstDifference } from './first-difference.ts'
import type { ModelAbout } from './log-record.ts'

/** Where a request is not the recorded one, when those before it were: what is told of it is compared. */
export const aboutDifference = (recorded: ModelAbout, asked: ModelAbout): Difference | undefined =>
  firstDifference(comparable(recorded), comparable(asked))

/** Laid out as the request is, so that a path in it is one of the request. */
const comparable = ({ set, unset = [], input }: ModelAbout): object => ({
  ...set,
  ...Object.fromEntries(unset.map((name) => [name, '(not set any more)'])),
  input: [...Array.from({ length: input.keep }, () => '(as before)'), ...input.add],
})
