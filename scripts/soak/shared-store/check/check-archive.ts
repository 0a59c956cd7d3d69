import { checkArchive } from '../../../../server/ops/operations/archive-check.ts'
import type { Store } from '../../../../storage/port.ts'
import type { Findings } from '../findings.ts'
import type { FinalState } from './final-state.ts'

/** Both chains from end to end, and every event id once (I4). */
export async function checkChains(store: Store, state: FinalState, findings: Findings): Promise<number> {
  const report = await checkArchive(store, 0, () => {})
  for (const fault of [report.broken, report.brokenEvents])
    if (fault !== undefined) findings.broken('brokenChains', `${fault.sequence}: ${fault.failure}`)
  const seen = new Set<string>()
  for (const event of state.events) {
    if (seen.has(event)) findings.broken('eventIdsTwice', event)
    seen.add(event)
  }
  return report.entries + report.events
}

/** Nothing is left but deadlines, and those are free (I3). */
export async function checkWork(store: Store, state: FinalState, findings: Findings): Promise<void> {
  for (const row of state.work) {
    const name = `${row.intake}/${row.recipient}/${row.slot}: ${row.error}`
    if (row.state === 'held') findings.broken('workHeld', name)
    if (row.state !== 'pending') continue
    findings.expect(row.kind === 'timer', 'workLeft', () => name)
    // Who may change when it is due has found it leased to nobody.
    const isFree = await store.work.amend(row, 'pending', { due: row.due })
    findings.expect(isFree, 'leasedForEver', () => name)
  }
}
