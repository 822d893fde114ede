import { durability } from './durability.ts'
import { inOneProcess, inProcesses } from './durable-host.ts'
import { inMemory, onSqlite } from './engines.ts'

durability(inOneProcess(inMemory))
durability(inOneProcess(onSqlite))
durability(inProcesses(onSqlite))
