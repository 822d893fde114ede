import { type EndpointCall, WireRefusal } from 'antiphon'

/** A form with one file in it, whole in memory while it is read. @throws WireRefusal for one that is too large, or has no file. */
export const readUpload = async (
  call: EndpointCall,
  maxBytes: number,
): Promise<{ readonly filename: string; readonly content: Uint8Array }> => {
  const pieces: Uint8Array[] = []
  let size = 0
  for await (const piece of call.body()) {
    size += piece.length
    if (size > maxBytes)
      throw new WireRefusal(413, `A file of a container may have ${maxBytes} bytes.`, {
        param: 'file',
        code: 'too_large',
      })
    pieces.push(piece)
  }
  const headers = { 'content-type': call.headers.get('content-type') ?? '' }
  const form = await new Response(Buffer.concat(pieces), { headers }).formData().catch(() => undefined)
  const file = form?.get('file')
  if (file === undefined || file === null || typeof file === 'string')
    throw new WireRefusal(400, 'Expected a form with a `file`, or JSON with a `file_id`.', {
      param: 'file',
      code: 'missing_required_parameter',
    })
  return { filename: file.name, content: new Uint8Array(await file.arrayBuffer()) }
}
