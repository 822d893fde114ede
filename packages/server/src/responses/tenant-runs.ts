import type { Store } from '@antiphon/store'
import type { OpenRun, RunStore } from 'antiphon'

/** Runs of background responses, by tenant. */
export interface TenantRuns {
  /** The runs of one tenant: those of others are not there. */
  of(tenant: string): RunStore
  /** Removes the run of a response that has ended: the response has all of it. */
  forget(tenant: string, responseId: string): Promise<void>
}

/** Runs in a store, the tenant first in the key of each. */
export const tenantRuns = (runs: RunStore & Partial<Pick<Store, 'delete'>>): TenantRuns => ({
  of: (tenant) => ofTenant(runs, (id) => keyOf(tenant, id)),
  async forget(tenant, responseId) {
    try {
      await runs.delete?.(keyOf(tenant, responseId))
    } catch (error) {
      // What does not stop when it is told to still has it.
      if ((error as { code?: unknown }).code !== 'run_busy') throw error
    }
  },
})

/** A tenant may have any name, so it is told apart by its length. */
const keyOf = (tenant: string, id: string): string => `server/${tenant.length}/${tenant}/${id}`

const ofTenant = (runs: RunStore, key: (id: string) => string): RunStore => ({
  open: async (id, options) => namedSo(await runs.open(key(id), options), id),
  decide: (id, decisions) => runs.decide(key(id), decisions),
  cancel: (id, reason) => runs.cancel(key(id), reason),
  async get(id) {
    const run = await runs.get(key(id))
    return run === undefined ? undefined : { ...run, runId: id }
  },
  read: (id, options) => runs.read(key(id), options),
  follow: (id, options) => runs.follow(key(id), options),
})

/** The run under the name that its owner knows. */
const namedSo = (open: OpenRun, runId: string): OpenRun => ({
  runId,
  records: open.records,
  append: (record) => open.append(record),
  appendEvents: (events) => open.appendEvents(events),
  onStop: (stop) => open.onStop(stop),
  close: (status, error) => open.close(status, error),
})
