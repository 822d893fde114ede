import type { ResponseRequest } from '@antiphon/client'
import type { Upstream } from './upstream.ts'

/**
 * A plain upstream whose structured answers are held against their schema, and asked for once more when they do not fit: many servers take `text.format` and do not keep to it.
 * `checking` answers those; a stream stays a stream, for its reader has the text before anybody could check it.
 */
export const withCheckedOutput = (plain: Upstream, checking: Upstream): Upstream => ({
  ...plain,
  answer: (request, sink, context) => (isChecked(request) ? checking : plain).answer(request, sink, context),
})

const isChecked = ({ stream, text, tools }: ResponseRequest): boolean =>
  stream !== true &&
  text?.format?.type === 'json_schema' &&
  (tools ?? []).every(({ type }) => type === 'function' || type === 'custom')
