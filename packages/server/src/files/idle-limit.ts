/** Passes on what comes; throws `late()` when nothing has come for `idleMs`. What the reader takes does not count. */
export async function* withinIdle<T>(
  source: AsyncIterable<T>,
  idleMs: number,
  late: () => Error,
): AsyncGenerator<T> {
  const iterator = source[Symbol.asyncIterator]()
  let isLate = false
  try {
    for (;;) {
      let timer: ReturnType<typeof setTimeout> | undefined
      const idle = new Promise<never>((_resolve, reject) => {
        timer = setTimeout(() => {
          isLate = true
          reject(late())
        }, idleMs)
      })
      try {
        const { done, value } = await Promise.race([iterator.next(), idle])
        if (done === true) return
        yield value
      } finally {
        clearTimeout(timer)
      }
    }
  } finally {
    // One that stands still may never answer.
    const ended = iterator.return?.()
    if (isLate) ended?.catch(() => undefined)
    else await ended
  }
}
