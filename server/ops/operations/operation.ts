import type { z } from 'zod'
import { ConfigError, faultText } from '../../../config/load.ts'
import type { Config } from '../../../config/schema.ts'
import type { LongTermFailure } from '../../../evidence/index.ts'
import type { ClosingTerm } from '../../../mail/account-state.ts'
import type { Clock } from '../../../mail/clock.ts'
import type { Store, WorkKey } from '../../../storage/port.ts'
import { AccountError } from '../../accounts/account-error.ts'
import type { AccountDirectory } from '../../accounts/directory.ts'
import type { ArchiveDesk } from '../../archive/desk.ts'
import type { Actor, EventLog, LoggedEvent } from '../../event-log/event-log.ts'
import { ListingError } from '../../listings/listing-error.ts'
import type { Listings } from '../../listings/listings.ts'
import type { Purses } from '../../purse/purses.ts'
import type { ProbeReport } from '../../relay/outbound/probe.ts'
import type { Peer } from '../../relay/peer.ts'
import type { PeerDirectory, PeerFault } from '../../relay/peers.ts'
import type { BackupReport } from './backup.ts'

/** What an operator's act may touch; the daemon has these at hand, and kepctl makes them where no daemon runs. */
export interface OperationParts {
  readonly store: Store
  readonly directory: AccountDirectory
  readonly clock: Clock
  readonly mode: Config['mode']
  /** Octets, for an account that is made without saying. */
  readonly defaultQuota: number
  /** How long a closed account stays readable. */
  readonly closingTerm: ClosingTerm
  /** Whether an address must fit its holder. */
  readonly addressForms: 'check' | 'free'
  /** Whether accounts may choose a search index. */
  readonly searchIndex: Config['search']['index']
  /** Where each change is recorded before it is made. */
  readonly eventLog: EventLog
  /** Who asks, as the record names it. */
  readonly operator: string
  /** Our own. */
  readonly domain: string
  readonly peers: PeerDirectory
  readonly purses: Purses
  readonly listings: Listings
  /** Goes to a peer as far as a message would. */
  readonly probePeer: (peer: Peer) => Promise<ProbeReport>
  /** What carries mail to peers; absent where no daemon runs. */
  readonly relay?: { retryNow(provider: string): void } | undefined
  /**
   * Gives a row of a queue the outcome of a message that could not be relayed; false where it has one. Absent where no
   * daemon runs.
   */
  readonly failSend?: ((key: WorkKey) => Promise<boolean>) | undefined
  /** Everything into a new folder; absent where the asker is not on this machine. */
  readonly backUp?: ((folder: string, progress: Progress) => Promise<BackupReport>) | undefined
  /** Seals and renews the archive; absent where no daemon runs. */
  readonly archiveDesk?: Pick<ArchiveDesk, 'seal' | 'renew'> | undefined
  /** An audit pack into a new folder; absent where no daemon runs, or where the asker is not on this machine. */
  readonly exportPack?: ArchiveDesk['export'] | undefined
  /** Reads the configuration anew; names the sections that need a restart. Absent where no daemon runs. */
  readonly reload?: (() => Promise<{ needsRestart: readonly string[] }>) | undefined
}

/** What a long operation tells on its way; shown to people, relied on by nobody. */
export type Progress = (state: { readonly done: number; readonly of: number | undefined }) => void

/** Why an operation was refused; the codes of AccountError and ListingError are told as they are. */
export type OperationFault =
  | 'BAD_ARGUMENTS'
  | 'UNKNOWN_OPERATION'
  | 'NOT_FOUND'
  | 'WEAK_PASSWORD'
  | 'NO_DAEMON'
  /** Judging a file took too much time or memory. */
  | 'TOO_HARD'
  /** A file of an audit pack is not what its list says. */
  | 'BAD_PACK'
  /** An audit pack would be larger than anybody could verify. */
  | 'TOO_LARGE'
  /** A peer's entry has faults that its form does not show. */
  | 'BAD_PEER'
  /** An attempt is being made just now. */
  | 'IN_WORK'
  | 'WRONG_STATE'
  /** A folder that was named cannot be written. */
  | 'CANNOT_WRITE'
  /** No TSA gave a time-stamp that counts. */
  | 'NO_TIMESTAMP'
  /** A key of ours cannot be used now. */
  | 'CANNOT_SIGN'
  /** Can be done on the machine of the daemon alone. */
  | 'NOT_HERE'
  /** The balance does not cover it. */
  | 'NOT_AFFORDABLE'
  /** More than a purse holds. */
  | 'PURSE_FULL'
  /** Something else was booked under this receipt. */
  | 'RECEIPT_USED'
  /** Nothing stands beside this evidence yet that an LT copy would carry. */
  | 'NO_VALIDATION_DATA'
  | LongTermFailure
  | PeerFault

export class OperationError extends Error {
  readonly code: OperationFault
  constructor(code: OperationFault, message: string, options?: ErrorOptions) {
    super(message, options)
    this.name = 'OperationError'
    this.code = code
  }
}

export interface Operation<Schema extends z.ZodType, Result> {
  readonly schema: Schema
  /**
   * Answers with plain JSON. Arguments pass the schema before anything is done, on whichever way they came. Rejects with
   * OperationError, AccountError or StoreError.
   */
  readonly perform: (parts: OperationParts, args: unknown, progress: Progress) => Promise<Result>
}

/** `until: expected …; quota: …` */
const faultsIn = ({ issues }: z.ZodError): string =>
  issues
    .map(({ path, message }) => (path.length === 0 ? message : `${path.join('.')}: ${message}`))
    .join('; ')

export const operation = <Schema extends z.ZodType, Result>(
  schema: Schema,
  run: (parts: OperationParts, args: z.output<Schema>, progress: Progress) => Promise<Result>,
): Operation<Schema, Result> => ({
  schema,
  perform: async (parts, args, progress) => {
    const read = schema.safeParse(args)
    if (!read.success) throw new OperationError('BAD_ARGUMENTS', faultsIn(read.error))
    return run(parts, read.data, progress)
  },
})

/**
 * An operation that changes something: what is asked for is recorded before it is done, and again with its code where it
 * was refused, naming the first (I3: after a crash the record may tell of what was not done, never the other way round).
 *
 * @param what its name in the catalog
 * @param describe what the record says of it; never a secret
 */
export const change = <Schema extends z.ZodType, Result>(
  what: string,
  schema: Schema,
  describe: (args: z.output<Schema>) => Described,
  run: (parts: OperationParts, args: z.output<Schema>, progress: Progress) => Promise<Result>,
): Operation<Schema, Result> & { readonly what: string } => ({
  what,
  ...operation(schema, async (parts, args, progress) => {
    const { by, ...described } = describe(args)
    const actor: Actor = { operator: parts.operator, ...(by === undefined ? {} : { person: by }) }
    const { id } = await parts.eventLog.record({ what, by: actor, ...described })
    try {
      return await run(parts, args, progress)
    } catch (error) {
      const code = refusalOf(error)?.code ?? 'INTERNAL'
      await parts.eventLog.record({
        what: `${what} refused`,
        by: actor,
        ...described,
        details: { code, record: id },
      })
      throw error
    }
  }),
})

export interface Described extends Pick<LoggedEvent, 'account' | 'person' | 'details'> {
  /** The person of the account who asks, where it is not the operator. */
  readonly by?: string | undefined
}

export type Refusal = { readonly code: string; readonly message: string }

/** What may be told of an error; undefined for one that nobody foresaw, whose text may hold anything. */
export function refusalOf(error: unknown): Refusal | undefined {
  if (error instanceof ConfigError) return { code: 'CONFIG', message: error.faults.map(faultText).join('\n') }
  if (error instanceof OperationError || error instanceof AccountError || error instanceof ListingError)
    return { code: error.code, message: error.message }
  return undefined
}
