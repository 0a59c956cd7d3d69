/** Audit packs that somebody rewrote: who is not the provider, and the provider itself. */
import { expect, test } from 'vitest'
import { keySigner } from '../../../evidence/keys/key-signer.ts'
import type { Signer } from '../../../evidence/ports.ts'
import { PackMaterial } from '../../../evidence/verify/pack-material.ts'
import type { FileReport } from '../../../evidence/verify/report.ts'
import { verifyAuditPack } from '../../../evidence/verify/verify-file.ts'
import { issueCertificate, type SubjectName } from '../../../evidence/x509/issue.ts'
import { signEvidence } from '../../../evidence/xades/sign.ts'
import { type ArchiveHouse, archiveHouse, issueIn } from '../../fakes/archive-house.ts'
import {
  deskOf,
  listed,
  type PackFiles,
  packOf,
  put,
  say,
  sourceOf,
  validate,
  without,
} from '../../fakes/audit-pack.ts'
import { checkedDraft } from '../../fakes/evidence.ts'
import { makeKey } from '../../fakes/pki.ts'
import { Authority, stampingWith } from '../../fakes/stamping.ts'

const HOUR = 3_600_000
const BEGIN = new Date('2026-11-22T09:00:00Z')
const later = (hours: number) => new Date(BEGIN.getTime() + hours * HOUR)

/** Of the same root as everybody. */
function certified({ tsaRoot }: ArchiveHouse, subject: SubjectName, email: string): Signer {
  const pair = makeKey('p256')
  const certificate = issueCertificate({
    subject,
    publicKey: pair.publicKey,
    profile: { kind: 'provider', email },
    issuer: tsaRoot.issuer,
    notBefore: later(-1),
    notAfter: later(24 * 365 * 5),
    crlUrl: undefined,
  })
  return keySigner({ key: pair.privateKey, certificate, chain: [], hash: 'sha256' })
}

const PROVIDER = 'Örnek KEPHS A.Ş.'
const provider = (house: ArchiveHouse) =>
  certified(house, { commonName: 'hs98', organization: PROVIDER, country: 'TR' }, 'kep@hs98.kep.tr')
const attacker = (house: ArchiveHouse) =>
  certified(house, { commonName: 'Kötü Niyetli', country: 'TR' }, 'kotu@hs98.kep.tr')
/** Of the same organization. */
const employee = (house: ArchiveHouse) =>
  certified(house, { commonName: 'Ayşe', organization: PROVIDER, country: 'TR' }, 'ayse@hs98.kep.tr')

/** Three deliller, sealed on two days, with their validation data. */
async function archived(): Promise<ArchiveHouse> {
  const house = await archiveHouse(BEGIN)
  house.signer = provider(house)
  await issueIn(house, 'ev-1')
  await house.eventLog.record({ what: 'started', by: { system: true } })
  await deskOf(house).seal()
  for (const [hours, id] of [
    [1, 'ev-2'],
    [2, 'ev-3'],
  ] as const) {
    house.goTo(later(hours))
    await issueIn(house, id)
  }
  house.goTo(later(24))
  await validate(house)
  await deskOf(house).seal()
  house.goTo(later(25))
  return house
}

async function judge(
  house: ArchiveHouse,
  files: ReadonlyMap<string, Uint8Array>,
  now = house.clock.now(),
): Promise<FileReport> {
  const [pack] = await verifyAuditPack('pack', sourceOf(files), {
    anchors: house.authorities.map(({ root }) => root),
    intermediates: [],
    crls: [],
    revocation: 'if-present',
    now,
  })
  return pack!
}

/** A TSA whose clock is wrong. */
const stampingAt = (house: ArchiveHouse, at: Date) =>
  stampingWith(
    () => house.tsa,
    () => house.tsaRoot.root,
    { now: () => at, monotonic: () => 0 },
  )

const signedBy = (house: ArchiveHouse, files: PackFiles, signer: Signer = house.signer) =>
  listed(files, signer, house.sealing.timestamper, house.clock.now())

/** A delil of theirs that names whom they like. */
async function forged(house: ArchiveHouse, signer: Signer, id: string): Promise<Uint8Array> {
  const now = house.clock.now()
  const eventTime = now.toISOString()
  const draft = checkedDraft(Buffer.from(id), { id, eventTime })
  return signEvidence(draft, signer, house.sealing.timestamper, now)
}

/** As pack.json would count what is there. */
const recounted = (files: PackFiles): PackFiles =>
  say(files, () => {
    const records: Record<string, number> = {}
    for (const name of files.keys()) {
      const [, chain] = /^(evidence|events|validation|rechecks|seals)\/\d+\.(?:xml|json)$/.exec(name) ?? []
      if (chain !== undefined) records[chain] = (records[chain] ?? 0) + 1
    }
    return { records }
  })

const SEALING = /^(heads|seals)\//
const LAST = /^evidence\/00000003/

type Attack = (house: ArchiveHouse, files: PackFiles) => PackFiles | Promise<PackFiles>

const doubt = (reason: string) => ({ verdict: 'INDETERMINATE', reason })
const failure = (reason: string) => ({ verdict: 'TOTAL-FAILED', reason })

test.each<[string, Attack, object]>([
  [
    'another’s list over everything',
    (house, files) => signedBy(house, files, attacker(house)),
    doubt('PACK_LIST_SIGNER'),
  ],
  [
    'another’s delil in the place of the last, with no seal left',
    async (house, files) => {
      const by = attacker(house)
      const cut = without(files, SEALING, LAST, /^validation\//)
      await put(cut, 'evidence/00000003.xml', await forged(house, by, 'ev-3'), house.sealing.timestamper)
      return signedBy(
        house,
        recounted(say(cut, () => ({ selection: { kind: 'messages', intakes: [] } }))),
        by,
      )
    },
    doubt('PACK_ISSUER'),
  ],
  [
    'another’s delil far away',
    async (house, files) => {
      const by = attacker(house)
      const cut = without(files, SEALING, LAST, /^validation\//)
      await put(cut, 'evidence/99999999.xml', await forged(house, by, 'ev-9'), house.sealing.timestamper)
      return signedBy(
        house,
        recounted(say(cut, () => ({ selection: { kind: 'messages', intakes: [] } }))),
        by,
      )
    },
    doubt('PACK_ISSUER'),
  ],
  [
    'the list of an employee of the provider',
    (house, files) => signedBy(house, files, employee(house)),
    doubt('PACK_LIST_SIGNER'),
  ],
  [
    'nothing at all, said to be everything',
    (house, files) => {
      const none = say(new Map([['pack.json', files.get('pack.json')!]]), () => ({
        records: {},
        messages: [],
      }))
      return signedBy(house, none, attacker(house))
    },
    failure('PACK_INCOMPLETE'),
  ],
  [
    'nothing at all, said to be about no message',
    (house, files) => {
      const selection = { kind: 'messages', intakes: [] }
      const none = say(new Map([['pack.json', files.get('pack.json')!]]), () => ({
        records: {},
        messages: [],
        selection,
      }))
      return signedBy(house, none)
    },
    doubt('PACK_NO_PROVIDER'),
  ],
  [
    'a README alone',
    (house) => signedBy(house, new Map([['README.txt', Buffer.from('x')]]), attacker(house)),
    failure('PACK_INDEX'),
  ],
])('who is not the provider makes a pack of it that does not pass: %s', async (_name, attack, expected) => {
  const house = await archived()
  await using _store = house.store
  const files = await packOf(house)
  expect(await judge(house, files)).toMatchObject({ verdict: 'TOTAL-PASSED' })
  expect(await judge(house, await attack(house, files))).toMatchObject(expected)
})

test.each<[string, Attack, object]>([
  [
    'a hole, with no seal and no event left',
    (_house, files) => recounted(without(files, SEALING, /^events\//, /^evidence\/00000002/)),
    failure('PACK_INCOMPLETE'),
  ],
  [
    'the end, with no heads left',
    (_house, files) => recounted(without(files, /^heads\//, LAST)),
    failure('PACK_INCOMPLETE'),
  ],
  [
    'what pack.json counts',
    (_house, files) => without(files, /^events\/00000001/, SEALING),
    failure('PACK_INCOMPLETE'),
  ],
  ['pack.json', (_house, files) => without(files, /^pack\.json$/), failure('PACK_INDEX')],
  [
    'what pack.json is',
    (_house, files) => new Map(files).set('pack.json', Buffer.from('not json')),
    failure('PACK_INDEX'),
  ],
  [
    'how pack.json calls its selection',
    (_house, files) => say(without(files, LAST), () => ({ selection: { kind: 'range' } })),
    failure('PACK_INDEX'),
  ],
])(
  'the provider itself signs anew, and cannot take out of everything: %s',
  async (_name, attack, expected) => {
    const house = await archived()
    await using _store = house.store
    const files = await attack(house, await packOf(house))
    expect(await judge(house, await signedBy(house, files))).toMatchObject(expected)
  },
)

const MIDDLE = { kind: 'evidence', from: later(0.5).getTime(), to: later(1.5).getTime() } as const
const FIRST_TWO = { kind: 'evidence', to: later(1.5).getTime() } as const

test('evidence of a time is known to be all of that time, at both ends', async () => {
  const house = await archived()
  await using _store = house.store
  const middle = await packOf(house, MIDDLE)
  expect(JSON.parse(Buffer.from(middle.get('pack.json')!).toString()).leftOut).toEqual([
    { from: 1, upTo: 1, earliest: later(0).getTime(), latest: later(0).getTime() },
    { from: 3, upTo: 3, earliest: later(2).getTime(), latest: later(2).getTime() },
  ])
  expect(await judge(house, middle)).toMatchObject({
    verdict: 'TOTAL-PASSED',
    ranges: expect.arrayContaining([{ chain: 'evidence', from: 2, upTo: 2 }]),
    reach: expect.arrayContaining([{ chain: 'evidence', upTo: 3 }]),
  })
})

test.each<[string, typeof MIDDLE | typeof FIRST_TWO, Attack, object]>([
  [
    'the last, which pack.json lists',
    FIRST_TWO,
    (_h, files) => without(files, /^evidence\/00000002/),
    failure('PACK_INCOMPLETE'),
  ],
  [
    'the last, and what pack.json counts',
    FIRST_TWO,
    (_h, files) => recounted(without(files, /^evidence\/00000002/)),
    failure('PACK_INCOMPLETE'),
  ],
  [
    'the last, which is told to be left out',
    FIRST_TWO,
    (_h, files) =>
      say(recounted(without(files, /^evidence\/00000002/)), () => ({
        leftOut: [{ from: 2, upTo: 3, earliest: later(1).getTime(), latest: later(2).getTime() }],
      })),
    failure('PACK_INCOMPLETE'),
  ],
  [
    'what lies around',
    MIDDLE,
    (_h, files) => say(files, () => ({ leftOut: [] })),
    failure('PACK_INCOMPLETE'),
  ],
  [
    'the times that were asked for',
    MIDDLE,
    (_h, files) => say(files, () => ({ selection: { kind: 'evidence', from: later(3).getTime() } })),
    failure('PACK_SELECTION'),
  ],
])(
  'the provider itself signs anew, and cannot change of a time: %s',
  async (_name, selection, attack, expected) => {
    const house = await archived()
    await using _store = house.store
    const files = await attack(house, await packOf(house, selection))
    expect(await judge(house, await signedBy(house, files))).toMatchObject(expected)
  },
)

test.each<[string, Attack, object]>([
  [
    'a delil stamped after the seal that covers it',
    async (house, files) => {
      const cut = without(files, SEALING)
      const ahead = later(24 * 30)
      const draft = checkedDraft(Buffer.from('x'), { id: 'ev-4', eventTime: ahead.toISOString() })
      await put(
        cut,
        'evidence/00000004.xml',
        await signEvidence(draft, house.signer, stampingAt(house, ahead), ahead),
        house.sealing.timestamper,
      )
      return signedBy(house, recounted(cut))
    },
    doubt('TOKEN_IN_FUTURE'),
  ],
  [
    'a list stamped in the future',
    (house, files) => {
      return listed(files, house.signer, stampingAt(house, later(24 * 30)), house.clock.now())
    },
    doubt('TOKEN_IN_FUTURE'),
  ],
  [
    'one delil under two numbers',
    async (house, files) => {
      const cut = without(files, SEALING)
      await put(cut, 'evidence/00000004.xml', files.get('evidence/00000002.xml')!, house.sealing.timestamper)
      return signedBy(house, recounted(cut))
    },
    failure('PACK_TWICE'),
  ],
  [
    'another delil under the same id',
    async (house, files) => {
      const cut = without(files, SEALING)
      await put(
        cut,
        'evidence/00000004.xml',
        await forged(house, house.signer, 'ev-2'),
        house.sealing.timestamper,
      )
      return signedBy(house, recounted(cut))
    },
    failure('PACK_TWICE'),
  ],
])('what cannot have been is found: %s', async (_name, attack, expected) => {
  const house = await archived()
  await using _store = house.store
  const files = say(await packOf(house), () => ({ selection: { kind: 'messages', intakes: [] } }))
  const judged = await judge(house, await attack(house, files))
  expect(judged).toMatchObject(expected)
})

test('heads that were signed and stamped after their seal are found', async () => {
  const house = await archived()
  await using _store = house.store
  await issueIn(house, 'ev-4')
  const { timestamper } = house.sealing
  // The heads' own stamp comes first, the seal's after it.
  const stampers = [stampingAt(house, later(24 * 30))]
  const stamp: typeof timestamper.stamp = (...query) => (stampers.pop() ?? timestamper).stamp(...query)
  await deskOf({ ...house, sealing: { ...house.sealing, timestamper: { stamp } } }).seal()
  expect(await judge(house, await packOf(house))).toMatchObject(doubt('TOKEN_IN_FUTURE'))
})

test('by wrong roots nothing is proved, and nothing is refuted', async () => {
  const house = await archived()
  await using _store = house.store
  const files = await packOf(house)
  // What a user's signature was judged by; nobody can tell whether evidence names it while none is judged.
  const given = await signedBy(house, new Map(files).set('signers/x.json', Buffer.from('{}')))
  house.authorities.splice(0, 1, new Authority('Başka', BEGIN, 10))
  expect(await judge(house, given)).toMatchObject({
    verdict: 'INDETERMINATE',
    subIndication: 'NO_CERTIFICATE_CHAIN_FOUND',
  })
})

test.each([
  ['revoked', 'CERTIFICATE_REVOKED_NO_PROOF', 'REVOKED_NO_POE'],
  ['run out', 'CERTIFICATE_EXPIRED', 'OUT_OF_BOUNDS_NO_POE'],
])('why a stamp proves nothing is told: %s', async (why, reason, subIndication) => {
  const house = await archived()
  await using _store = house.store
  if (why === 'revoked') house.tsaRoot.revoke(house.tsa.certificate, later(25), 1)
  else house.goTo(later(24 * 365 * 6))
  if (why === 'revoked') house.tsa = house.tsaRoot.signer('tsa', house.clock.now(), 5)
  else {
    house.tsa = house.tsaRoot.signer('tsa', house.clock.now(), 5)
    house.signer = provider(house)
  }
  const [, first] = await verifyAuditPack('pack', sourceOf(await packOf(house)), {
    anchors: house.authorities.map(({ root }) => root),
    intermediates: [],
    crls: house.lists(),
    revocation: 'if-present',
    now: house.clock.now(),
  })
  expect(first).toMatchObject({ verdict: 'INDETERMINATE', reason, subIndication })
})

test('before the list is found to be signed no other file is opened', async () => {
  const house = await archived()
  await using _store = house.store
  const files = await signedBy(house, await packOf(house))
  files.set('SHA512SUMS', Buffer.from(`${'0'.repeat(128)}  x\n`))
  const read: string[] = []
  const [pack, ...records] = await verifyAuditPack(
    'pack',
    {
      ...sourceOf(files),
      read: async (name) => {
        read.push(name)
        return files.get(name)
      },
    },
    {
      anchors: [house.tsaRoot.root],
      intermediates: [],
      crls: [],
      revocation: 'if-present',
      now: house.clock.now(),
    },
  )
  expect(pack).toMatchObject({ verdict: 'TOTAL-FAILED', reason: 'CMS_DIGEST_MISMATCH' })
  expect(records).toEqual([])
  expect(read).toEqual(['SHA512SUMS', 'SHA512SUMS.p7s'])
})

test('material that is too much together is not held at hand, and that is told', async () => {
  const names = ['a', 'b', 'c'].map((digit) => `material/${digit.repeat(64)}.crl`)
  const files = new Map(names.map((name) => [name, Buffer.alloc(100)]))
  const given = { anchors: [], intermediates: [], crls: [], revocation: 'if-present', now: BEGIN } as const
  const { all, findings } = await PackMaterial.read(sourceOf(files), new Set(names), given, 250)
  expect(all.crls).toHaveLength(2)
  expect(findings).toMatchObject([{ reason: 'PACK_MATERIAL_TOO_LARGE', detail: names[2] }])
})
