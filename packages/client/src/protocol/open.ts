/**
 * A string with known values that may grow: completion offers the known ones, any other string is accepted.
 *
 * Used wherever servers are known to answer with values of their own (status, tier, reason, model).
 */
export type OpenString<Known extends string> = Known | (string & {})

/**
 * The `type` of anything a server may add by itself: `slug:name`.
 *
 * Source: Open Responses, extensions. Being a template literal, it never matches a standard type,
 * so `switch (x.type)` narrows to the standard shapes.
 */
export type ExtensionType = `${string}:${string}`
