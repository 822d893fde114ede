/** A vector as it is kept: 4 bytes for each number, the low ones first. */
export const vectorToBytes = (vector: Float32Array): Uint8Array =>
  new Uint8Array(vector.buffer, vector.byteOffset, vector.byteLength)

/** And back; copied where the bytes do not lie as numbers must. */
export const bytesToVector = (bytes: Uint8Array): Float32Array =>
  bytes.byteOffset % 4 === 0
    ? new Float32Array(bytes.buffer, bytes.byteOffset, bytes.byteLength >> 2)
    : new Float32Array(bytes.slice().buffer)

/** A vector of length 1 in the same direction; one of zeros stays so. */
export const unitVector = (vector: Float32Array): Float32Array => {
  let sum = 0
  for (const one of vector) sum += one * one
  const length = Math.sqrt(sum)
  return length === 0 ? vector : vector.map((one) => one / length)
}
