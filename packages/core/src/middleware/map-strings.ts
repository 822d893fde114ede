/** `value` with each string in it put through `edit`, but for those under the keys of `skip`. The value itself when nothing changed; it is never changed in place. */
export const mapStrings = <Value>(
  value: Value,
  edit: (text: string) => string,
  skip: ReadonlySet<string>,
): Value => map(value, edit, skip) as Value

const map = (value: unknown, edit: (text: string) => string, skip: ReadonlySet<string>): unknown => {
  if (typeof value === 'string') return edit(value)
  if (typeof value !== 'object' || value === null) return value
  let changed = false
  if (Array.isArray(value)) {
    const list = value.map((entry: unknown) => {
      const mapped = map(entry, edit, skip)
      changed ||= mapped !== entry
      return mapped
    })
    return changed ? list : value
  }
  const entries = Object.entries(value).map(([key, entry]): [string, unknown] => {
    const mapped = skip.has(key) ? entry : map(entry, edit, skip)
    changed ||= mapped !== entry
    return [key, mapped]
  })
  return changed ? Object.fromEntries(entries) : value
}
