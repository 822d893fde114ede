import { DuplicateRow } from '../sql.ts'
import { areKeys, checkKeys, taken } from './keys.ts'
import { damaged } from './response-row.ts'
import type { ResponseStore, StoredApproval } from './response-store.ts'
import type { ResponsesDatabase } from './responses-database.ts'

type ApprovalMethod = 'insertApproval' | 'getApproval' | 'useApproval'

/** Approvals that are waited for: each is used once. */
export const sqlApprovals = ({
  sql,
}: Pick<ResponsesDatabase, 'sql'>): Pick<ResponseStore, ApprovalMethod> => ({
  async insertApproval(approval) {
    const { tenant, id, expiresAt } = approval
    checkKeys(tenant, id)
    try {
      await sql.run('insert into antiphon_approvals (tenant, id, approval, expires_at) values (?, ?, ?, ?)', [
        tenant,
        id,
        JSON.stringify(approval),
        expiresAt ?? null,
      ])
    } catch (error) {
      throw error instanceof DuplicateRow ? taken('an approval', id) : error
    }
  },
  async getApproval(tenant, id, by) {
    if (!areKeys(tenant, id)) return undefined
    const [row] = await sql.all<{ approval: string }>(
      'select approval from antiphon_approvals where tenant = ? and id = ? and (used_by is null or used_by = ?)',
      [tenant, id, userOf(by)],
    )
    return row === undefined ? undefined : approvalOf(id, row.approval)
  },
  useApproval: async (tenant, id, by) =>
    areKeys(tenant, id) &&
    (await sql.run(
      'update antiphon_approvals set used_by = ? where tenant = ? and id = ? and (used_by is null or used_by = ?)',
      [userOf(by) ?? '-', tenant, id, userOf(by)],
    )) > 0,
})

/** Null equals nobody, also not another null. */
const userOf = (by: string | undefined): string | null => (by === undefined ? null : `by ${by}`)

const approvalOf = (id: string, text: string): StoredApproval => {
  try {
    return JSON.parse(text) as StoredApproval
  } catch (cause) {
    throw damaged(id, 'it is not JSON', cause)
  }
}
