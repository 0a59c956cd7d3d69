import { hash } from 'node:crypto'
import {
  anchorsAt,
  type Certificate,
  type ListedService,
  readTrustList,
  TrustListError,
  type TrustRole,
} from '../evidence/index.ts'
import { KeyFileError, readAnchors, readOctets } from './key-files.ts'

export interface ListFile {
  readonly file: string
  readonly signers: readonly string[]
  readonly roles: readonly TrustRole[]
}

export type TrustFiles = Readonly<Record<TrustRole, readonly string[]>> & {
  readonly lists: readonly ListFile[]
}

/** A trusted list that counts. */
export interface BelievedList {
  readonly file: string
  readonly operator: string
  readonly sequence: number
  /** undefined: it never changes again. */
  readonly nextUpdate: Date | undefined
  /** SHA-256 of the file, and when it last counted by itself. */
  readonly digest: string
  readonly countedAt: Date
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
 * Rejects with KeyFileError where a list is not to be believed, is older than the one that was believed before, or is outdated.
 * One that ran out while it was believed still is: it holds up mail no sooner than the next start, and no reload of keys either.
 *
 * @param before what was believed until now
 */
export async function readTrust(
  trust: TrustFiles,
  role: TrustRole,
  at: Date,
  before: Pick<Trusted, 'lists'> = { lists: [] },
): Promise<Trusted> {
  const anchors = await readAnchors(trust[role])
  const lists: BelievedList[] = []
  const services: ListedService[] = []
  const files = trust.lists.filter(({ roles }) => roles.includes(role))
  for (const { file, signers } of files) {
    const read = await readList({ file, signers: await readAnchors(signers) }, at, before.lists)
    const replaced = replacedBy(read.list, before.lists, files)
    if (replaced !== undefined)
      throw new KeyFileError(
        file,
        new TrustListError(
          'REPLACED',
          `number ${read.list.sequence}, and ${replaced.sequence} was here before`,
        ),
      )
    lists.push(read.list)
    services.push(...read.services)
  }
  return new Trusted(role, anchors, lists, services)
}

async function readList(
  { file, signers }: { readonly file: string; readonly signers: readonly Certificate[] },
  at: Date,
  before: readonly BelievedList[],
): Promise<{ list: BelievedList; services: readonly ListedService[] }> {
  const octets = await readOctets(file)
  const digest = hash('sha256', octets)
  const known = before.find((one) => one.file === file && one.digest === digest)
  const ranOut = known?.nextUpdate !== undefined && at > known.nextUpdate
  const countedAt = ranOut ? known.countedAt : at
  try {
    const { services, ...about } = readTrustList(octets, { signers, at: countedAt })
    const { operator, sequence, nextUpdate } = about
    return { list: { file, operator, sequence, nextUpdate, digest, countedAt }, services }
  } catch (cause) {
    throw new KeyFileError(file, cause)
  }
}

/**
 * The list of before that this one would come instead of, though it is older: who withdrew an approval would have it back by one
 * whose next update is not due yet. [TS 119 612 §5.3.2] An operator may publish several lists, each in a file that stays; one whose file
 * is gone went to a file that was not believed before.
 */
function replacedBy(
  { file, operator, sequence }: BelievedList,
  before: readonly BelievedList[],
  files: readonly ListFile[],
): BelievedList | undefined {
  const known = before.filter((one) => one.operator === operator)
  const own = known.find((one) => one.file === file)
  if (own !== undefined) return own.sequence > sequence ? own : undefined
  return known.find((one) => one.sequence > sequence && !files.some((named) => named.file === one.file))
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
