import { createHash } from 'node:crypto'
import type { SqlSession } from '../sql.ts'
import { areKeys } from './keys.ts'
import type { ResponsesDatabase } from './responses-database.ts'

/** Remembers which items came with a response, in one statement; nothing when there is no such response. */
export const indexItems = async (
  { sql }: ResponsesDatabase,
  tenant: string,
  id: string,
  itemIds: readonly string[],
): Promise<void> => {
  if (itemIds.length === 0 || !areKeys(tenant, id)) return
  await sql.run(INDEX[sql.dialect], [JSON.stringify(itemIds.map(itemKey)), tenant, id])
}

const into = (value: string, list: string): string =>
  `insert into antiphon_response_items (tenant, item_id, response_id, at) select r.tenant, ${value}, r.id, r.created_at from antiphon_responses r cross join ${list} where r.tenant = ? and r.id = ?`

const DO_NOTHING = ' on conflict (tenant, item_id, response_id) do nothing'

const INDEX: Readonly<Record<SqlSession['dialect'], string>> = {
  sqlite: `${into('j.value', 'json_each(?) j')}${DO_NOTHING}`,
  postgres: `${into('j.value', 'json_array_elements_text(cast(? as json)) j(value)')} for share of r${DO_NOTHING}`,
}

/** The newest response that an item came with. */
export const responseOfItem = async (
  { sql }: ResponsesDatabase,
  tenant: string,
  itemId: string,
): Promise<string | undefined> => {
  if (!areKeys(tenant)) return undefined
  const [row] = await sql.all<{ response_id: string }>(
    'select response_id from antiphon_response_items where tenant = ? and item_id = ? order by at desc, response_id desc limit 1',
    [tenant, itemKey(itemId)],
  )
  return row?.response_id
}

/** Ids of items come from clients, too: what no database takes as a key has another name. */
const itemKey = (id: string): string =>
  areKeys(id) && !id.startsWith(HASHED)
    ? id
    : HASHED + createHash('sha256').update(JSON.stringify(id)).digest('hex')

const HASHED = 'sha256:'
