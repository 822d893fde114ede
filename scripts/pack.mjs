/** The packages as they would be published: with pnpm, which writes versions where the workspace has `workspace:*`. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { runCommand } from './command.mjs'
import { pnpm } from './setup.mjs'

/** @typedef {{ name: string, filename: string, files: { path: string }[] }} Packed `filename` is absolute */

/**
 * Packs all packages into a folder that is gone when `use` has ended.
 * @template T
 * @param {(packed: Packed[], folder: string) => Promise<T>} use
 */
export async function withPackedPackages(use) {
  const folder = mkdtempSync(join(tmpdir(), 'antiphon-pack-'))
  try {
    const pack = [
      '-r',
      '--filter',
      './packages/*',
      '--filter',
      './packages/tools/*',
      'pack',
      '--json',
      '--pack-destination',
      folder,
    ]
    const { ok, output, stdout } = await runCommand(['npx', '-y', pnpm, ...pack])
    if (!ok) throw new Error(output)
    return await use(JSON.parse(stdout), folder)
  } finally {
    rmSync(folder, { recursive: true })
  }
}
