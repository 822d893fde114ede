/**
 * JavaScript that is evaluated inside before any other: `console`, and files. It makes a function of the host's, takes it out of sight, and gives back what shows a value.
 */
export const prelude = `(() => {
  const { write, read, save, list } = globalThis.__host
  delete globalThis.__host
  const show = (value) => {
    if (typeof value === 'string') return value
    if (typeof value === 'function' || typeof value === 'symbol' || typeof value === 'bigint') return String(value)
    if (value instanceof Error) return String(value.stack ? value.name + ': ' + value.message + '\\n' + value.stack : value)
    if (value instanceof Map) return 'Map ' + show([...value])
    if (value instanceof Set) return 'Set ' + show([...value])
    const seen = new Set()
    try {
      const text = JSON.stringify(value, (_, each) => {
        if (typeof each === 'bigint') return String(each) + 'n'
        if (typeof each !== 'object' || each === null) return each
        if (seen.has(each)) return '[seen]'
        seen.add(each)
        return each
      }, 2)
      return text === undefined ? String(value) : text
    } catch { return Object.prototype.toString.call(value) }
  }
  const log = (...values) => write(values.map(show).join(' ') + '\\n')
  globalThis.console = { log, info: log, debug: log, warn: log, error: log }
  globalThis.readFile = (path) => {
    const text = read(String(path))
    if (text === undefined) throw new Error('There is no file ' + path + '. listFiles() has their names.')
    return text
  }
  globalThis.writeFile = (path, text) => {
    const problem = save(String(path), typeof text === 'string' ? text : show(text))
    if (problem !== undefined) throw new Error(problem)
  }
  globalThis.listFiles = () => JSON.parse(list())
  return show
})()`
