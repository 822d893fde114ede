import { Parser } from 'htmlparser2'
import { ReadFailure } from './read-failure.ts'

/** What is told of an XML file, in its order. Names are without their prefix. */
export interface XmlHandler {
  open?(name: string, attributes: Readonly<Record<string, string>>): void
  close?(name: string): void
  text?(text: string): void
}

/** Deepest nesting; real documents have some 30. */
const MAX_DEPTH = 256
const STEP = 64 * 1024

/**
 * Reads the XML of a document as a stream. Nothing is built, nothing is fetched, and a document type is refused, so that there are no entities of its own.
 *
 * @throws ReadFailure `invalid_file` when it has a document type, is nested too deep, or is no UTF-8.
 */
export const readXml = (bytes: Uint8Array, handler: XmlHandler): void => {
  let depth = 0
  const parser = new Parser(
    {
      onopentag(name, attributes) {
        depth += 1
        if (depth > MAX_DEPTH) throw wrong(`its XML is nested more than ${MAX_DEPTH} deep`)
        handler.open?.(local(name), attributes)
      },
      onclosetag(name) {
        depth -= 1
        handler.close?.(local(name))
      },
      ontext(text) {
        handler.text?.(text)
      },
      onprocessinginstruction(name) {
        if (name.toLowerCase().startsWith('!doctype')) throw wrong('its XML has a document type')
      },
    },
    { xmlMode: true, decodeEntities: true },
  )
  const decoder = new TextDecoder(bytes[0] === 0xff ? 'utf-16le' : bytes[0] === 0xfe ? 'utf-16be' : 'utf-8', {
    fatal: true,
  })
  for (let at = 0; at < bytes.length; at += STEP) {
    const last = at + STEP >= bytes.length
    parser.write(decode(decoder, bytes.subarray(at, at + STEP), last))
  }
  parser.end()
}

const decode = (decoder: InstanceType<typeof TextDecoder>, bytes: Uint8Array, last: boolean): string => {
  try {
    return decoder.decode(bytes, { stream: !last })
  } catch (cause) {
    throw wrong('its XML is no text', cause)
  }
}

const local = (name: string): string => name.slice(name.indexOf(':') + 1)

const wrong = (why: string, cause?: unknown): ReadFailure =>
  new ReadFailure('invalid_file', `The file cannot be read: ${why}.`, { cause })
