/** LT copies of archived evidence: what a verifier needs stands in them, and nothing else is changed. */
import { expect, test } from 'vitest'
import { composeLongTerm } from '../../../../evidence/archive/long-term-copy.ts'
import { verifyFile } from '../../../../evidence/verify/verify-file.ts'
import { ValidationData } from '../../../../server/archive/validation-data.ts'
import { evidenceExport } from '../../../../server/ops/operations/evidence-export.ts'
import type { OperationParts } from '../../../../server/ops/operations/operation.ts'
import { type ArchiveHouse, archiveHouse, issueIn } from '../../../fakes/archive-house.ts'
import { Authority } from '../../../fakes/stamping.ts'

const BEGIN = new Date('2026-11-22T09:00:00Z')
const later = (hours: number) => new Date(BEGIN.getTime() + hours * 3_600_000)

const recorded = (house: ArchiveHouse) =>
  new ValidationData({
    ...house.sealing,
    store: house.store,
    archive: house.archive.archives.validation,
    events: { validationData: () => {}, internalError: () => {} },
  }).round()

const exported = async ({ store }: ArchiveHouse, given: object) => {
  const parts = { store } as OperationParts
  const { files, next } = await evidenceExport.perform(parts, given, () => {})
  return { next, files: files.map(({ name, octets }) => ({ name, octets: Buffer.from(octets, 'base64') })) }
}

/** With nothing but the roots. */
const verify = (house: ArchiveHouse, octets: Uint8Array, now = later(24 * 365)) =>
  verifyFile(
    { name: 'f.lt.xml', octets },
    {
      anchors: house.authorities.map(({ root }) => root),
      intermediates: [],
      crls: [],
      revocation: 'require',
      now,
    },
  )

test('passes where revocation is required and nothing but the roots is at hand, which the original does not', async () => {
  const house = await archiveHouse(BEGIN)
  await using _store = house.store
  const original = await issueIn(house, 'ev-1')
  house.goTo(later(2))
  await recorded(house)
  const { files } = await exported(house, { id: 'ev-1', longTerm: true })
  const copy = files[0]!.octets
  expect(files[0]!.name).toBe('00000001-ev-1.lt.xml')
  expect(await verify(house, copy)).toMatchObject({
    verdict: 'TOTAL-PASSED',
    revocation: 'checked',
    signatures: [{ format: 'XAdES B-LT', revocation: 'checked' }],
    timestamps: [{ revocation: 'checked' }],
  })
  expect(await verify(house, original)).toMatchObject({
    verdict: 'INDETERMINATE',
    subIndication: 'TRY_LATER',
    signatures: [{ format: 'XAdES B-T' }],
  })
  const text = copy.toString('latin1')
  const start = text.indexOf('<xades:CertificateValues')
  const end = text.indexOf('</xades:UnsignedSignatureProperties>')
  expect(Buffer.concat([copy.subarray(0, start), copy.subarray(end)]).equals(original)).toBe(true)
  const stored = await exported(house, { id: 'ev-1' })
  expect(stored.files[0]!.octets.equals(original)).toBe(true)
})

test('only what this evidence rests on is taken, and what is inside is believed by nobody’s word', async () => {
  const house = await archiveHouse(BEGIN)
  await using _store = house.store
  const original = await issueIn(house, 'ev-1')
  const stranger = new Authority('Başka kök', BEGIN, 40)
  const { root } = house.tsaRoot
  house.goTo(later(2))
  const list = house.tsaRoot.list(later(2))
  const own = {
    certificates: [root.der, stranger.root.der],
    crls: [list, stranger.list(later(2))],
    ocsps: [],
  }
  const copy = Buffer.from(composeLongTerm(original, own)).toString()
  expect(copy.match(/<xades:EncapsulatedX509Certificate>/g)).toHaveLength(1)
  expect(copy.match(/<xades:EncapsulatedCRLValue>/g)).toHaveLength(1)
  const forged = Buffer.from(
    copy.replace(/(<xades:EncapsulatedCRLValue>)[^<]*/, `$1${base64(stranger.list(later(2)))}`),
  )
  expect(await verify(house, forged)).toMatchObject({ verdict: 'INDETERMINATE', subIndication: 'TRY_LATER' })
  const strangers = { ...house, authorities: [stranger] }
  expect((await verify(strangers, Buffer.from(copy))).verdict).toBe('INDETERMINATE')
  const many = copy.replace(/<xades:EncapsulatedCRLValue>[^<]*<\/xades:EncapsulatedCRLValue>/, (one) =>
    one.repeat(65),
  )
  expect(await verify(house, Buffer.from(many))).toMatchObject({ reason: 'XADES_SIGNATURE_FORMAT' })
})

test('a list inside that revokes the signer counts against the signature', async () => {
  const house = await archiveHouse(BEGIN)
  await using _store = house.store
  await issueIn(house, 'ev-1')
  house.goTo(later(2))
  await recorded(house)
  const { files } = await exported(house, { longTerm: true })
  const revoking = revokedList(house)
  const text = files[0]!.octets.toString()
  const changed = text.replace(/(<xades:EncapsulatedCRLValue>)[^<]*/, `$1${base64(revoking)}`)
  expect(await verify(house, Buffer.from(changed))).toMatchObject({
    verdict: 'TOTAL-FAILED',
    subIndication: 'REVOKED',
  })
})

test('evidence without a record yet, or with an incomplete one, is refused, and it says when', async () => {
  const house = await archiveHouse(BEGIN)
  await using _store = house.store
  await issueIn(house, 'ev-1')
  await expect(exported(house, { id: 'ev-1', longTerm: true })).rejects.toMatchObject({
    code: 'NO_VALIDATION_DATA',
    message: expect.stringContaining('2026-11-23T05:30:00.000Z'),
  })
  house.silent.add(house.tsaRoot)
  house.goTo(later(21))
  await recorded(house)
  await expect(exported(house, { id: 'ev-1', longTerm: true })).rejects.toMatchObject({
    code: 'MATERIAL_INCOMPLETE',
  })
})

test('what is no evidence, has no time-stamp, or was extended before', async () => {
  const house = await archiveHouse(BEGIN)
  await using _store = house.store
  const original = await issueIn(house, 'ev-1')
  const material = { certificates: [house.tsaRoot.root.der], crls: [house.tsaRoot.list(later(2))], ocsps: [] }
  const copy = composeLongTerm(original, material)
  const text = Buffer.from(original).toString()
  const bare = text.replace(/<xades:UnsignedProperties>.*<\/xades:UnsignedProperties>/s, '')
  for (const octets of [copy, Buffer.from(bare), Buffer.from('<x/>'), Buffer.from('junk')])
    expect(() => composeLongTerm(octets, material)).toThrow(
      expect.objectContaining({ code: 'NOT_EXTENSIBLE' }),
    )
})

const revokedList = (house: ArchiveHouse): Uint8Array => {
  house.tsaRoot.revoke(house.signer.certificate, later(-1))
  return house.tsaRoot.list(later(3))
}

const base64 = (octets: Uint8Array): string => Buffer.from(octets).toString('base64')
