export { type FolderToolsOptions, folderTools } from './folder-tools/folder-tools.ts'
export { showRun } from './show-run.ts'
