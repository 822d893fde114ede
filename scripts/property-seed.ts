/**
 * Loaded before every file of tests: property tests see the same cases on every run where `CI` is set, the cases of `FC_SEED` where that is, and new ones
 * elsewhere.
 */
import fc from 'fast-check'

const SEED_OF_CI = 20_261_122

const { CI, FC_SEED } = process.env
const seed = FC_SEED ? Number(FC_SEED) : CI ? SEED_OF_CI : undefined
if (seed !== undefined) {
  if (!Number.isSafeInteger(seed)) throw new Error(`FC_SEED has to be an integer, got ${FC_SEED}.`)
  fc.configureGlobal({ seed })
}
