import { type Checker, KEYWORDS } from './check-keywords.ts'
import { isJsonObject, type JsonObject } from './json.ts'
import type { StandardIssue } from './schema.ts'

/** Undefined for a pattern of an engine that this is not. The second try is for those without the stricter Unicode grammar. */
const compile = (source: string): RegExp | undefined => {
  for (const flags of ['u', '']) {
    try {
      return new RegExp(source, flags)
    } catch {}
  }
  return undefined
}

/**
 * Makes a check of parsed JSON against a JSON Schema: types, constants, objects, arrays, unions, bounds, patterns and local
 * references. Keywords it does not know (`format`, `if`, `contains`, …) pass: the tool behind the schema has the last word.
 */
export const createJsonCheck = (document: JsonObject): ((value: unknown) => readonly StandardIssue[]) => {
  const patterns = new Map<string, RegExp | undefined>()
  const definitions = isJsonObject(document.$defs) ? document.$defs : {}
  const checker: Checker = {
    check(schema, value, path, report) {
      if (schema === false) return report(path, 'must be absent')
      if (!isJsonObject(schema)) return
      if (typeof schema.$ref === 'string') {
        checker.check(
          schema.$ref === '#' ? document : definitions[schema.$ref.slice('#/$defs/'.length)],
          value,
          path,
          report,
        )
      }
      for (const keyword in schema) {
        const rule = schema[keyword]
        if (rule !== undefined && Object.hasOwn(KEYWORDS, keyword))
          KEYWORDS[keyword]?.(rule, value, path, report, schema, checker)
      }
    },
    accepts(schema, value) {
      let ok = true
      checker.check(schema, value, [], () => {
        ok = false
      })
      return ok
    },
    matches(source, text) {
      if (!patterns.has(source)) patterns.set(source, compile(source))
      return patterns.get(source)?.test(text)
    },
  }
  return (value) => {
    const issues: StandardIssue[] = []
    checker.check(document, value, [], (path, message) => issues.push({ path, message }))
    return issues
  }
}
