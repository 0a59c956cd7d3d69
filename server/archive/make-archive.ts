import type { Config } from '../../config/schema.ts'
import type { Store } from '../../storage/port.ts'
import type { EventLog } from '../event-log/event-log.ts'
import { ChainArchive, EVIDENCE_CHAIN, RECHECK_CHAIN, SEAL_CHAIN, VALIDATION_CHAIN } from './chain-archive.ts'
import type { DailySealParts } from './daily-seal.ts'
import { MaterialArchive } from './material.ts'
import { SealBook } from './seal-book.ts'

/** What holds the chains of a process together: each has one writer here, and one index says what is sealed. */
export function makeArchive(
  store: Store,
  eventLog: EventLog,
  { clock, owner }: { readonly clock: DailySealParts['clock']; readonly owner: string | undefined },
) {
  const chain = (name: ConstructorParameters<typeof ChainArchive>[2]) =>
    new ChainArchive(store, clock, name, owner)
  const archives = {
    events: eventLog,
    evidence: chain(EVIDENCE_CHAIN),
    validation: chain(VALIDATION_CHAIN),
    rechecks: chain(RECHECK_CHAIN),
    seals: chain(SEAL_CHAIN),
  } as const
  const book = new SealBook(store)
  return { archives, book, materials: new MaterialArchive(store) }
}

export type Archive = ReturnType<typeof makeArchive>

/** The settings of it that a reload takes over. */
export const archiveRules = (current: () => Pick<Config, 'archive'>) => ({
  hash: () => current().archive.hash,
  renewBefore: () => current().archive.renewBefore,
})

export const keepYearsOf = ({ evidence }: Pick<Config, 'evidence'>): number =>
  Math.max(evidence.retentionYears, evidence.servingRetentionYears)
