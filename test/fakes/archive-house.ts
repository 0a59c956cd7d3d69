/** The archive alone, over a store in memory, with authorities and a clock that the test sets. */

import { writeEvidenceRecord } from '../../evidence/archive/evidence-record.ts'
import { type RecordOptions, type RecordReport, verifyRecord } from '../../evidence/archive/verify-record.ts'
import { deskHere } from '../../evidence/desk/desk.ts'
import { AUTHENTICATION_METHODS } from '../../evidence/model/authentication.ts'
import type { HashName, Signer } from '../../evidence/ports.ts'
import { verifyToken } from '../../evidence/tsa/token.ts'
import { validatePath } from '../../evidence/x509/path.ts'
import { signEvidence } from '../../evidence/xades/sign.ts'
import type { ChainName } from '../../server/archive/chain-archive.ts'
import type { DailySealParts } from '../../server/archive/daily-seal.ts'
import { makeArchive } from '../../server/archive/make-archive.ts'
import { Proofs } from '../../server/archive/proofs.ts'
import { objectsOf } from '../../server/archive/span.ts'
import { EventLog } from '../../server/event-log/event-log.ts'
import { checkedDraft } from './evidence.ts'
import { Disk } from './memory-store/disk.ts'
import type { Crasher } from './memory-store/documents.ts'
import { openMemoryStore } from './memory-store.ts'
import { Authority, stampingWith } from './stamping.ts'

/** @param on what outlives a process, and when this one dies; a new one that never does where it is not said */
export async function archiveHouse(
  begin: Date,
  on: {
    readonly disk?: Disk
    readonly crasher?: Crasher
    /** Whose authorities and keys it has. */
    readonly like?: {
      readonly authorities: Authority[]
      readonly tsa: Signer
      readonly tsaRoot: Authority
      readonly signer: Signer
    }
  } = {},
) {
  let now = begin
  const clock = { now: () => now, monotonic: () => now.getTime() }
  const store = await openMemoryStore(on.disk ?? new Disk(), on.crasher && { crasher: on.crasher })
  const eventLog = new EventLog({
    store,
    clock,
    keepYears: 30,
    lost: (error) => {
      throw error
    },
  })
  const archive = makeArchive(store, eventLog, { clock, owner: undefined })
  const { like } = on
  const authorities = like?.authorities ?? [new Authority('Kök 1', begin, 40)]
  const house = {
    store,
    clock,
    eventLog,
    archive,
    /** The newest stamps, and signs for the provider. */
    authorities,
    tsa: like?.tsa ?? authorities[0]!.signer('tsa', begin, 5),
    tsaRoot: like?.tsaRoot ?? authorities[0]!,
    signer: like?.signer ?? (authorities[0]!.signer('provider', begin, 30) as Signer),
    hash: 'sha256' as HashName,
    /** Authorities that tell nobody's status any more. */
    silent: new Set<Authority>(),
    clockIsCertain: true,
    stamps: 0,
    damage: [] as string[],
    goTo: (time: Date) => {
      now = time
    },
    /** Appends octets to a chain as what they are. */
    append: (chain: Exclude<ChainName, 'events' | 'seals'>, eventId: string, octets: string | Uint8Array) =>
      archive.archives[chain].append({
        eventId,
        bytes: Buffer.from(octets as Uint8Array),
        intake: undefined,
        meta: '{}',
        parties: [],
        at: now.getTime(),
        keepUntil: now.getTime(),
      }),
    lists: () => authorities.filter((one) => !house.silent.has(one)).map((one) => one.list(now)),
  }
  const validate: DailySealParts['tsasTrust']['validate'] = async (leaf, { at, intermediates, revocation }) =>
    validatePath(leaf, {
      anchors: authorities.map(({ root }) => root),
      intermediates,
      at,
      crls: house.lists(),
      revocation,
    })
  const inner = stampingWith(
    () => house.tsa,
    () => house.tsaRoot.root,
    clock,
  )
  const sealing: DailySealParts = {
    ...archive,
    store,
    clock,
    timestamper: {
      stamp: (...query) => {
        house.stamps++
        return inner.stamp(...query)
      },
    },
    signer: () => house.signer,
    hash: () => house.hash,
    renewBefore: () => 90 * 86_400_000,
    seals: archive.archives.seals,
    keepYears: 30,
    spanSize: 4,
    onDamage: (error) => void house.damage.push(error.message),
    zone: 'Europe/Istanbul',
    clockIsCertain: () => house.clockIsCertain,
    providersTrust: { validate, desk: deskHere },
    tsasTrust: { validate },
  }
  return Object.assign(house, { sealing })
}

/** Issues an evidence and archives it. */
export async function issueIn(house: ArchiveHouse, id: string): Promise<Uint8Array> {
  const time = house.clock.now().toISOString()
  const draft = checkedDraft(Buffer.from(id), {
    id,
    eventTime: time,
    submissionTime: time,
    senderAuthentication: { time, method: AUTHENTICATION_METHODS.Basic.uri },
  })
  const octets = await signEvidence(draft, house.signer, house.sealing.timestamper, house.clock.now())
  await house.append('evidence', id, octets)
  return octets
}

export type ArchiveHouse = Awaited<ReturnType<typeof archiveHouse>>

/** What a verifier finds who has the entry, its record and the roots alone. */
export async function proofOf(
  { store, archive, clock, authorities }: ArchiveHouse,
  chain: ChainName,
  sequence: number,
  outdated?: RecordOptions['outdated'],
): Promise<RecordReport | undefined> {
  const sealed = archive.book.sealOf(chain, sequence)
  const [entry] = await store.chain.read(chain, sequence, 1)
  if (sealed === undefined || entry === undefined) return undefined
  const prove = await new Proofs(store, archive.book).prover(sealed.seal, { span: sealed.span })
  const objects = objectsOf(chain, entry)
  const der = writeEvidenceRecord({ chains: prove(objects, sequence - sealed.from) })
  return verifyRecord(der, objects, {
    now: clock.now(),
    outdated,
    checkToken: (token, imprint, hash, at) =>
      verifyToken(token, {
        imprint,
        hash,
        trust: {
          anchors: authorities.map(({ root }) => root),
          intermediates: [],
          crls: [],
          revocation: 'if-present',
          at,
        },
      }),
  })
}

/** From now on these octets of a chain are others than were archived. */
export function damage({ store }: ArchiveHouse, chain: ChainName, sequence: number): void {
  const read = store.chain.read.bind(store.chain)
  store.chain.read = async (name, from, limit) =>
    (await read(name, from, limit)).map((entry) =>
      name === chain && entry.seq === sequence ? { ...entry, bytes: Buffer.from('<other/>') } : entry,
    )
}
