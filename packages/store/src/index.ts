// What is kept in memory, and types of what `@antiphon/store/sqlite` and `@antiphon/store/postgres` make.
export type {
  FileLimits,
  FileListOptions,
  FileRange,
  FileStore,
  FileUsage,
  LateLabels,
  NewFile,
  StoredFile,
} from './files/file-store.ts'
export { FileStoreError, type FileStoreErrorCode } from './files/file-store-error.ts'
export { memoryFiles } from './files/memory-files.ts'
export { type ComponentMigration, migrateComponent } from './migrate-component.ts'
export { memoryResponses } from './responses/memory-responses.ts'
export type {
  ChangeCondition,
  EventFrames,
  Inserted,
  NewStoredResponse,
  ResponseChange,
  ResponseStatus,
  ResponseStore,
  StoredApproval,
  StoredConversation,
  StoredResponse,
} from './responses/response-store.ts'
export type { ForkOptions } from './runs/fork-run.ts'
export type { RunListOptions } from './runs/list-runs.ts'
export type { RetainOptions } from './runs/remove-run.ts'
export type { ImportOptions } from './runs/transfer-run.ts'
export type { HistoryTurn, KeptHistory } from './sessions/history.ts'
export { memoryHistory } from './sessions/memory-history.ts'
export { DuplicateRow, forUpdate, type Sql, type SqlSession, type SqlValue } from './sql.ts'
export type { Owners, Store, StoreOptions } from './store.ts'
