/** A promise and the function that lets those who wait for it go on. */
export interface Gate {
  readonly opened: Promise<void>
  open(): void
}

/** Makes a gate that is closed. */
export const gate = (): Gate => {
  let open = (): void => undefined
  const opened = new Promise<void>((resolve) => {
    open = resolve
  })
  return { opened, open: () => open() }
}

/** Lets everything that is ready go on, several times over. */
export const settled = async (rounds = 5): Promise<void> => {
  for (let n = 0; n < rounds; n++) await new Promise<void>((resolve) => setImmediate(resolve))
}

/** A promise that rejects when the signal is aborted, and never resolves. */
export const untilAborted = (signal: AbortSignal): Promise<never> =>
  new Promise((_resolve, reject) => {
    if (signal.aborted) reject(signal.reason)
    signal.addEventListener('abort', () => reject(signal.reason), { once: true })
  })
