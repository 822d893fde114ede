import type { Tool } from 'antiphon'
import { openFolder } from './folder.ts'
import { listFiles } from './list-files.ts'
import { readFile } from './read-file.ts'
import { searchText } from './search-text.ts'

/** Options of `folderTools()`. */
export interface FolderToolsOptions {
  /**
   * Names of folders that listings and searches do not enter, unless one of them is named as the place to look in.
   * @defaultValue `.git`, `node_modules`, `dist`, `coverage` and other folders of tools
   */
  readonly skip?: readonly string[]
}

/**
 * Tools that read one folder and nothing outside of it: `list_files`, `read_file` and `search_text`, all with `effect: 'read'`.
 *
 * No path leads out, symbolic links included; files that usually hold keys (`.env`, `id_rsa`, `*.pem`, …) are not read.
 *
 * @param root - The folder. @defaultValue the current one
 * @throws ConfigError `invalid_config` when there is no such folder.
 */
export const folderTools = (root: string = process.cwd(), options: FolderToolsOptions = {}): Tool[] => {
  const folder = openFolder(root, options.skip)
  return [listFiles(folder), readFile(folder), searchText(folder)]
}
