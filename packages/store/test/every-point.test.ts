import { inMemory, onSqlite } from './engines.ts'
import { everyPoint } from './every-point.ts'

everyPoint(inMemory, { handles: 1 })
everyPoint(onSqlite, { handles: 1, processes: 3 })
