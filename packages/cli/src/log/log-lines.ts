import { requestsOf } from 'antiphon'
import type { RunLog } from './read-log.ts'

/** Every record for a program: `type` is its kind, and a model call has its whole request in the place of the difference; a last one for the damage. */
export function* logLines({ records, damage }: RunLog): Iterable<{ type: string; [field: string]: unknown }> {
  const calls = new Map(requestsOf(records).map((call) => [call.key, call]))
  for (const record of records) {
    const { kind, about, ...rest } = record
    const call = calls.get(record.key)
    if (call === undefined) yield { type: kind, ...rest, ...(about === undefined ? {} : { about }) }
    else {
      const { value: response, ...place } = rest
      yield { type: kind, ...place, agent: call.agent, request: call.request, response }
    }
  }
  if (damage !== undefined) yield { type: 'damage', ...damage }
}
