/** Dot products of one query with many rows of bytes: 16 at a time where there is WebAssembly, which has all that is needed since Node 16. */
export interface DotKernel {
  readonly memory: { readonly buffer: ArrayBuffer; grow(pages: number): number }
  /** All places are bytes of the memory; `width` is a multiple of 16. Writes a whole number of 4 bytes for each row. */
  dots(rows: number, count: number, width: number, query: number, out: number): void
}

/**
 * The module, made by wabt's `wat2wasm` from:
 *
 * ```wat
 * (module
 *   (import "m" "m" (memory 1))
 *   (func (export "dots") (param $rows i32) (param $count i32) (param $width i32) (param $query i32) (param $out i32)
 *     (local $p i32) (local $q i32) (local $end i32) (local $a v128) (local $b v128) (local $sum v128)
 *     (local.set $p (local.get $rows))
 *     (block $done
 *       (loop $row
 *         (br_if $done (i32.eqz (local.get $count)))
 *         (local.set $q (local.get $query))
 *         (local.set $end (i32.add (local.get $p) (local.get $width)))
 *         (local.set $sum (v128.const i32x4 0 0 0 0))
 *         (loop $step
 *           (local.set $a (v128.load (local.get $p)))
 *           (local.set $b (v128.load (local.get $q)))
 *           (local.set $sum (i32x4.add (local.get $sum) (i32x4.dot_i16x8_s
 *             (i16x8.extend_low_i8x16_s (local.get $a)) (i16x8.extend_low_i8x16_s (local.get $b)))))
 *           (local.set $sum (i32x4.add (local.get $sum) (i32x4.dot_i16x8_s
 *             (i16x8.extend_high_i8x16_s (local.get $a)) (i16x8.extend_high_i8x16_s (local.get $b)))))
 *           (local.set $p (i32.add (local.get $p) (i32.const 16)))
 *           (local.set $q (i32.add (local.get $q) (i32.const 16)))
 *           (br_if $step (i32.lt_u (local.get $p) (local.get $end))))
 *         (i32.store (local.get $out) (i32.add
 *           (i32.add (i32x4.extract_lane 0 (local.get $sum)) (i32x4.extract_lane 1 (local.get $sum)))
 *           (i32.add (i32x4.extract_lane 2 (local.get $sum)) (i32x4.extract_lane 3 (local.get $sum)))))
 *         (local.set $out (i32.add (local.get $out) (i32.const 4)))
 *         (local.set $count (i32.sub (local.get $count) (i32.const 1)))
 *         (br $row)))))
 * ```
 */
const MODULE =
  'AGFzbQEAAAABCQFgBX9/f39/AAIIAQFtAW0CAAEDAgEABwgBBGRvdHMAAAqzAQGwAQIDfwN7IAAhBQJAA0AgAUUNASADIQYg' +
  'BSACaiEH/QwAAAAAAAAAAAAAAAAAAAAAIQoDQCAF/QAEACEIIAb9AAQAIQkgCiAI/YcBIAn9hwH9ugH9rgEhCiAKIAj9iAEg' +
  'Cf2IAf26Af2uASEKIAVBEGohBSAGQRBqIQYgBSAHSQ0ACyAEIAr9GwAgCv0bAWogCv0bAiAK/RsDamo2AgAgBEEEaiEEIAFB' +
  'AWshAQwACwsL'

const PAGE = 65_536

/** A kernel with a memory of its own. */
export const createDotKernel = (): DotKernel => wasmKernel() ?? plainKernel()

/** The part of WebAssembly that is used; its types come with the DOM's, which a server has not. */
interface Wasm {
  readonly Memory: new (size: { initial: number }) => DotKernel['memory']
  readonly Module: new (bytes: Uint8Array) => object
  readonly Instance: new (
    module: object,
    imports: object,
  ) => { readonly exports: { readonly dots: DotKernel['dots'] } }
}

let compiled: object | undefined

const wasmKernel = (): DotKernel | undefined => {
  const wasm = (globalThis as { WebAssembly?: Wasm }).WebAssembly
  if (wasm === undefined) return undefined
  compiled ??= new wasm.Module(Buffer.from(MODULE, 'base64'))
  const memory = new wasm.Memory({ initial: 1 })
  const { exports } = new wasm.Instance(compiled, { m: { m: memory } })
  return { memory, dots: exports.dots }
}

/** The same in plain code, for a Node without WebAssembly (`--jitless`). */
export const plainKernel = (): DotKernel => {
  const memory = {
    buffer: new ArrayBuffer(PAGE),
    grow(pages: number): number {
      const before = memory.buffer
      memory.buffer = new ArrayBuffer(before.byteLength + pages * PAGE)
      new Uint8Array(memory.buffer).set(new Uint8Array(before))
      return before.byteLength / PAGE
    },
  }
  return {
    memory,
    dots(rows, count, width, query, out) {
      const bytes = new Int8Array(memory.buffer)
      const sums = new Int32Array(memory.buffer, out, count)
      for (let row = 0; row < count; row++) {
        let sum = 0
        for (let at = 0, p = rows + row * width; at < width; at++, p++)
          sum += (bytes[p] as number) * (bytes[query + at] as number)
        sums[row] = sum
      }
    },
  }
}
