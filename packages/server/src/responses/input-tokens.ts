import type { ResponseRequest } from '@antiphon/client'
import { estimateTokens } from 'antiphon'
import { hydrate } from './hydrate.ts'
import type { Responder } from './responder.ts'

/** How many tokens a request has: an estimate from its text, good to about a third. */
export const countInputTokens = async (
  responder: Responder,
  tenant: string,
  request: ResponseRequest,
): Promise<{ readonly object: 'response.input_tokens'; readonly input_tokens: number }> => {
  const { items } = await hydrate(responder, tenant, request)
  return { object: 'response.input_tokens', input_tokens: tokensOf(request, items) }
}

/** The same for items that are at hand. */
export const tokensOf = (
  { instructions, tools, text }: Pick<ResponseRequest, 'instructions' | 'tools' | 'text'>,
  items: readonly object[],
): number => {
  let tokens = instructions ? estimateTokens({ instructions }) : 0
  for (const tool of tools ?? []) tokens += estimateTokens(tool)
  if (text?.format !== undefined) tokens += estimateTokens(text.format)
  for (const item of items) tokens += estimateTokens(item)
  return tokens
}
