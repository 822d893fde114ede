/** What happens around a body while it is read. */
export interface BoundedBody {
  readonly maxBytes: number
  /** Made when there is more than `maxBytes`. */
  readonly tooLarge: () => Error
  /** What the reader gets for an error of the connection. */
  readonly toError: (error: unknown) => unknown
  /** Called once: the body was read, given up, or broke. */
  readonly onEnd: () => void
}

/** The same bytes, as they come, and no more than `maxBytes` of them. Reads only when somebody asks. */
export const boundedBody = (
  source: ReadableStream<Uint8Array>,
  { maxBytes, tooLarge, toError, onEnd }: BoundedBody,
): ReadableStream<Uint8Array> => {
  const reader = source.getReader()
  let size = 0
  return new ReadableStream<Uint8Array>(
    {
      pull: async (controller) => {
        try {
          const { done, value } = await reader.read()
          if (done) {
            onEnd()
            return controller.close()
          }
          size += value.byteLength
          if (size <= maxBytes) return controller.enqueue(value)
        } catch (error) {
          onEnd()
          return controller.error(toError(error))
        }
        onEnd()
        controller.error(tooLarge())
        await reader.cancel().catch(() => {}) // what is left behind is nobody's
      },
      cancel: async (reason) => {
        onEnd()
        await reader.cancel(reason)
      },
    },
    { highWaterMark: 0 },
  )
}
