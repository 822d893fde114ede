import type { ToolDefinition } from '@antiphon/client'
import { WireRefusal } from 'antiphon'
import { z } from 'zod'
import { isMemoryLimit, MEMORY_BYTES, type MemoryLimit } from './containers/memory-limit.ts'

/** What a declaration asks for: a container by its id, or one for the request. */
export type WantedContainer =
  | { readonly kind: 'named'; readonly id: string }
  | { readonly kind: 'auto'; readonly fileIds: readonly string[]; readonly memory: MemoryLimit | undefined }

const autoSchema = z.object({
  type: z.literal('auto'),
  file_ids: z.array(z.string().min(1).max(200)).max(50).nullish(),
  memory_limit: z.string().nullish(),
  network_policy: z.object({ type: z.string() }).nullish(),
})
const declarationSchema = z.object({ container: z.union([z.string().min(1).max(200), autoSchema]) })

/** Reads a wire declaration. @throws WireRefusal for what cannot be honoured, by its field. */
export const readDeclaration = (declaration: ToolDefinition, maxMemory: MemoryLimit): WantedContainer => {
  const read = declarationSchema.safeParse(declaration)
  if (!read.success)
    throw new WireRefusal(
      400,
      'Expected `container` to be the id of a container, or { "type": "auto" } with file_ids and memory_limit.',
      { param: 'container', code: 'invalid_value' },
    )
  const { container } = read.data
  if (typeof container === 'string') return { kind: 'named', id: container }
  checkNetwork(container.network_policy, 'container.network_policy')
  return {
    kind: 'auto',
    fileIds: container.file_ids ?? [],
    memory: readMemory(container.memory_limit, maxMemory, 'container.memory_limit'),
  }
}

/** A limit that may be had here. @throws WireRefusal */
export const readMemory = (
  asked: string | null | undefined,
  max: MemoryLimit,
  param: string,
): MemoryLimit | undefined => {
  if (asked === null || asked === undefined) return undefined
  if (isMemoryLimit(asked) && MEMORY_BYTES[asked] <= MEMORY_BYTES[max]) return asked
  throw new WireRefusal(400, `Expected \`${param}\` to be 1g, 4g, 16g or 64g, and at most ${max} here.`, {
    param,
    code: 'invalid_value',
  })
}

/** There is no network, whatever is asked. @throws WireRefusal for anything but `disabled`. */
export const checkNetwork = (policy: { readonly type: string } | null | undefined, param: string): void => {
  if (policy === null || policy === undefined || policy.type === 'disabled') return
  throw new WireRefusal(400, 'Code here has no network; only `{ "type": "disabled" }` can be honoured.', {
    param,
    code: 'unsupported_value',
  })
}
