import type { Store, WorkRow } from '../../storage/port.ts'
import { decidedIn } from '../relay/outcomes.ts'

/** What evidence proves of one recipient of a message of ours. */
export interface Fate {
  readonly delivered: boolean
  readonly read: boolean
  /** Final: the recipient will not get it. */
  readonly failed: boolean
  /** It failed because the recipient's provider refused it. */
  readonly rejected: boolean
}

/**
 * From the rows that decide outcomes, each of which is set once: so whatever comes in whatever order, or comes twice, the
 * same rows say the same. An event of ours counts once its evidence is archived; a peer's was archived before its row.
 */
export async function fateOf(
  { work }: Pick<Store, 'work'>,
  intake: string,
  recipient: number,
): Promise<Fate> {
  const [transport, reading, late] = await Promise.all(
    ['transport', 'reading', 'late-reading'].map(async (slot) =>
      provenBy(await work.get(intake, recipient, slot)),
    ),
  )
  // Who reads, or lets the time for it run out, has it: also where the word of its delivery never came.
  const delivered = transport === undefined ? reading !== undefined : REACHED.has(transport)
  const read = [reading, late].some((outcome) => outcome !== undefined && READINGS.has(outcome))
  return {
    delivered,
    // A final outcome stands, whatever a peer says after it; that it did is told in Deliller.
    read: read && delivered,
    failed: transport !== undefined && !delivered,
    rejected: transport === 'relay-rejection',
  }
}

/** The name of the outcome that the row proves; undefined where it proves nothing yet. */
function provenBy(row: WorkRow | undefined): string | undefined {
  if (row === undefined || (row.kind === 'issue' && row.state !== 'done')) return undefined
  const decided = decidedIn(row)
  return decided && ('peer' in decided ? decided.peer.outcome : decided.ours.hook)
}

const READINGS: ReadonlySet<string> = new Set(['retrieved', 'retrieval'])
/** Of transport: a peer that tells of a reading, or of its time that ran out, says that it delivered. */
const REACHED: ReadonlySet<string> = new Set(['delivered', 'delivery', 'retrieval', 'retrieval-expiration'])
