import type { Socket } from 'node:net'

/** One request on a connection, until it is answered. */
export interface Exchange {
  /** Something of the answer has been sent. */
  readonly isBegun: boolean
  /** The connection is closed. Called once at most. */
  gone(): void
}

/** Which requests each connection still has to answer: with one listener per connection, however many requests it carries. */
export class Connections {
  readonly #exchanges = new WeakMap<Socket, Set<Exchange>>()

  /** Requests of a connection that are not answered yet. */
  open(socket: Socket): ReadonlySet<Exchange> {
    return this.#exchanges.get(socket) ?? new Set()
  }

  enter(socket: Socket, exchange: Exchange): void {
    let all = this.#exchanges.get(socket)
    if (all === undefined) {
      const own = new Set<Exchange>()
      all = own
      this.#exchanges.set(socket, own)
      socket.once('close', () => {
        for (const left of own) left.gone()
        own.clear()
      })
    }
    all.add(exchange)
  }

  leave(socket: Socket, exchange: Exchange): void {
    this.#exchanges.get(socket)?.delete(exchange)
  }
}
