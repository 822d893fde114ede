/** A delivery under way. Resolves when it has arrived or was given up; never rejects. */
type Delivery = (signal: AbortSignal) => Promise<void>

/** Bounds of one target's deliveries. */
export interface LaneOptions {
  /** Deliveries at the same time. */
  readonly concurrency: number
  /** Deliveries that have not ended, those that wait for another attempt included. */
  readonly queueLimit: number
}

/** The deliveries to one target; a target that is down holds up no other. */
export interface DeliveryLane {
  /** Takes a delivery; false when the lane is full or closed. */
  add(delivery: Delivery): boolean
  /** Waits at most so long for all to end, then stops the rest and starts what is left with an aborted signal, so that each can say so. */
  close(waitMs: number): Promise<void>
}

/** Makes an empty lane. */
export const createDeliveryLane = ({ concurrency, queueLimit }: LaneOptions): DeliveryLane => {
  const waiting: Delivery[] = []
  const stop = new AbortController()
  let running = 0
  let isClosed = false
  let onEmpty: (() => void) | undefined

  const next = (): void => {
    while (running < concurrency || stop.signal.aborted) {
      const delivery = waiting.shift()
      if (delivery === undefined) break
      running++
      void delivery(stop.signal).finally(() => {
        running--
        next()
      })
    }
    if (running === 0 && waiting.length === 0) onEmpty?.()
  }

  return {
    add: (delivery) => {
      if (isClosed || running + waiting.length >= queueLimit) return false
      waiting.push(delivery)
      next()
      return true
    },
    close: async (waitMs) => {
      isClosed = true
      if (running === 0 && waiting.length === 0) return
      const empty = new Promise<void>((resolve) => {
        const before = onEmpty
        onEmpty = () => {
          before?.()
          resolve()
        }
      })
      const drop = (): void => {
        stop.abort()
        next()
      }
      const timer = waitMs > 0 ? setTimeout(drop, waitMs) : void drop()
      await empty
      clearTimeout(timer)
    },
  }
}
