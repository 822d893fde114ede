interface Group {
  readonly listeners: Set<() => void>
  readonly fire: () => void
}

/** One real listener per signal: a process that gives all its runs the same signal would be warned of a leak otherwise. */
const groups = new WeakMap<AbortSignal, Group>()

const groupOf = (signal: AbortSignal): Group => {
  const known = groups.get(signal)
  if (known !== undefined) return known
  const listeners = new Set<() => void>()
  const fire = (): void => {
    groups.delete(signal)
    for (const listener of [...listeners]) listener()
  }
  const group: Group = { listeners, fire }
  groups.set(signal, group)
  signal.addEventListener('abort', fire, { once: true })
  return group
}

/** Calls `listener`, which must not throw, when the signal is aborted. Returns the function that takes it away again; nothing stays on the signal then. */
export const onAbort = (signal: AbortSignal, listener: () => void): (() => void) => {
  const { listeners, fire } = groupOf(signal)
  listeners.add(listener)
  return () => {
    if (!listeners.delete(listener) || listeners.size > 0) return
    groups.delete(signal)
    signal.removeEventListener('abort', fire)
  }
}
