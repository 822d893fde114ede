/** Text as the formatter would leave it, so that generated documents and the format check agree. */
import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { root } from './setup.mjs'

/**
 * @param {string} path the file the text is for: its extension names the language
 * @param {string} text
 */
export function format(path, text) {
  const command = [join(root, 'node_modules/@biomejs/biome/bin/biome'), 'format', `--stdin-file-path=${path}`]
  const { status, stdout, stderr } = spawnSync(process.execPath, command, {
    cwd: root,
    input: text,
    encoding: 'utf8',
  })
  if (status !== 0) throw new Error(`${path} cannot be formatted: ${stderr.trim()}`)
  return stdout
}
