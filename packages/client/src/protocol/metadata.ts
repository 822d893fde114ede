/**
 * Facts to keep with an object: at most 16 pairs, keys to 64 characters, values to 512.
 *
 * Source: Responses API, `Metadata`.
 */
export type Metadata = Record<string, string>
