import {
  anchorsAt,
  type Certificate,
  type ListedService,
  readTrustList,
  TrustListError,
  type TrustRole,
} from '../evidence/index.ts'
import { KeyFileError, readAnchors, readOctets } from './key-files.ts'

export type TrustFiles = Readonly<Record<TrustRole, readonly string[]>> & {
  readonly lists: readonly {
    readonly file: string
    readonly signers: readonly string[]
    readonly roles: readonly TrustRole[]
  }[]
}

/** A trusted list that counts. */
export interface BelievedList {
  readonly file: string
  readonly operator: string
  readonly sequence: number
  /** undefined: it never changes again. */
  readonly nextUpdate: Date | undefined
}

interface Stretch {
  /** ms; within it nobody's standing changes. */
  readonly from: number
  readonly until: number
  readonly anchors: readonly Certificate[]
}

/** What is asked about: now, and the times of acceptances that are looked at again. */
const MAX_STRETCHES = 4

/** Everybody who is believed in a role: the anchors that files name, and whom trusted lists approve at the time in question. */
export class Trusted {
  readonly lists: readonly BelievedList[]
  readonly #role: TrustRole
  readonly #anchors: readonly Certificate[]
  readonly #services: readonly ListedService[]
  /** ms, ascending. */
  readonly #changes: readonly number[]
  readonly #known: Stretch[] = []

  constructor(
    role: TrustRole,
    anchors: readonly Certificate[],
    lists: readonly BelievedList[],
    services: readonly ListedService[],
  ) {
    this.lists = lists
    this.#role = role
    this.#anchors = anchors
    this.#services = services
    const times = services.flatMap(({ spans }) => spans.map(({ from }) => from.getTime()))
    this.#changes = [...new Set(times)].sort((a, b) => a - b)
  }

  at(time: Date): readonly Certificate[] {
    if (this.#services.length === 0) return this.#anchors
    const ms = time.getTime()
    const known = this.#known.find(({ from, until }) => from <= ms && ms < until)
    if (known !== undefined) return known.anchors
    const from = this.#changes.findLast((change) => change <= ms) ?? Number.NEGATIVE_INFINITY
    const until = this.#changes.find((change) => change > ms) ?? Number.POSITIVE_INFINITY
    const anchors = [...this.#anchors, ...anchorsAt(this.#services, this.#role, time)]
    this.#known.unshift({ from, until, anchors })
    this.#known.length = Math.min(this.#known.length, MAX_STRETCHES)
    return anchors
  }
}

/**
 * Rejects with KeyFileError where a list is not to be believed, is outdated, or older than the one that was believed before.
 *
 * @param before what was believed until now
 */
export async function readTrust(
  trust: TrustFiles,
  role: TrustRole,
  at: Date,
  before?: Pick<Trusted, 'lists'>,
): Promise<Trusted> {
  const anchors = await readAnchors(trust[role])
  const lists: BelievedList[] = []
  const services: ListedService[] = []
  for (const { file, signers } of trust.lists.filter(({ roles }) => roles.includes(role))) {
    const trusted = { signers: await readAnchors(signers), at }
    const octets = await readOctets(file)
    try {
      const { services: listed, operator, sequence, nextUpdate } = readTrustList(octets, trusted)
      refuseOlder({ operator, sequence }, before?.lists ?? [])
      lists.push({ file, operator, sequence, nextUpdate })
      services.push(...listed)
    } catch (cause) {
      throw new KeyFileError(file, cause)
    }
  }
  return new Trusted(role, anchors, lists, services)
}

/** Who withdrew an approval would have it back by an old list whose next update is not due yet. [TS 119 612 §5.3.2] */
function refuseOlder(
  { operator, sequence }: Pick<BelievedList, 'operator' | 'sequence'>,
  before: readonly BelievedList[],
): void {
  const newer = before.find((one) => one.operator === operator && one.sequence > sequence)
  if (newer !== undefined)
    throw new TrustListError('REPLACED', `number ${sequence}, and ${newer.sequence} was here before`)
}

export type TrustedRoles = Readonly<Record<TrustRole, Trusted>>

/** As `readTrust`, for every role. */
export async function readTrustedRoles(
  trust: TrustFiles,
  at: Date,
  before?: TrustedRoles,
): Promise<TrustedRoles> {
  const of = (role: TrustRole) => readTrust(trust, role, at, before?.[role])
  return { users: await of('users'), providers: await of('providers'), tsas: await of('tsas') }
}
