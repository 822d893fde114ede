import { AntiphonError } from '@antiphon/client'
import type { StoredResponse } from '@antiphon/store'
import { hydrateWithFiles } from './hydrate-files.ts'
import { LiveResponse } from './live-response.ts'
import type { Responder } from './responder.ts'
import { runResponse } from './run-response.ts'
import { writtenFrames } from './stored-frames.ts'
import { toldResponse } from './told-response.ts'
import { upstreamFor } from './upstream-for.ts'

/** How often a background response is begun at most: one that ends its process each time must not do so for ever. */
const MAX_EPOCH = 5
/** Responses that are taken up at once in one look. */
const AT_ONCE = 100

/** Goes on with responses whose process is gone: background ones are run on, the others have failed with it. Returns how many were taken. */
const takeUpAbandoned = async (responder: Responder): Promise<number> => {
  let taken = 0
  for (const { tenant, id } of await responder.responses.abandoned(AT_ONCE)) {
    const row = await responder.responses.claim(tenant, id)
    if (row === undefined) continue
    taken++
    await takeUp(responder, row).catch((error: unknown) =>
      responder.onError(error, { responseId: id, tenant }),
    )
  }
  return taken
}

const takeUp = async (responder: Responder, row: StoredResponse): Promise<void> => {
  const { tenant, id, request } = row
  const told = await toldResponse(writtenFrames(responder, tenant, id))
  const live = new LiveResponse(id, row.background)
  const job = { tenant, base: row.response, request, row, events: 'logged', told } as const
  const gone = goneBecause(row)
  const input = await hydrateWithFiles(responder, tenant, request)
  const upstream =
    gone === undefined
      ? upstreamFor(responder, request.model ?? undefined)
      : { models: [], answer: () => Promise.reject(gone) }
  void runResponse(responder, { ...job, input, upstream }, live)
}

const goneBecause = ({ background, epoch }: StoredResponse): Error | undefined => {
  if (!background) return new AntiphonError('server_gone', 'The server ended while it was answering.')
  if (epoch <= MAX_EPOCH) return undefined
  return new AntiphonError('server_gone', `It was begun ${MAX_EPOCH} times, and the server ended each time.`)
}

/** Who looks after responses whose process is gone. */
export interface Keeper {
  /** Looks no more, and lets go of what this process runs. */
  stop(): Promise<void>
}

/** Looks again and again, until it is stopped. */
export const startKeeper = (responder: Responder, everyMs: number): Keeper => {
  let looking: Promise<void> | undefined
  let isStopped = false
  const look = (): void => {
    if (looking !== undefined || isStopped) return
    looking = (async () => {
      try {
        await takeUpAbandoned(responder)
        await responder.responses.removeExpired()
      } catch (error) {
        responder.onError(error, {})
      }
      looking = undefined
    })()
  }
  look()
  const timer = setInterval(look, everyMs)
  timer.unref()
  return {
    async stop() {
      isStopped = true
      clearInterval(timer)
      await looking
      for (const live of responder.live.values()) if (live.isBackground) live.letGo()
    },
  }
}
