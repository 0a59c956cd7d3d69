import { describe, expect, test } from 'vitest'
import { TrustListError } from '../../../evidence/trust-list/error.ts'
import { readTrustList } from '../../../evidence/trust-list/read-list.ts'
import { anchorsAt } from '../../../evidence/trust-list/services.ts'
import { pki } from '../../fakes/pki.ts'
import {
  type ListRow,
  listXml,
  type ServiceRow,
  serviceExtension,
  serviceFor,
  signedList,
} from '../../fakes/trust-list.ts'

const AT = new Date('2026-07-01T00:00:00Z')
const supervisor = pki().provider
const trust = { signers: [supervisor.certificate], at: AT }
const { root, intermediate, tsa } = pki()

const service = (over: Partial<ServiceRow> = {}): ServiceRow => ({
  certificates: [intermediate.certificate],
  type: 'CA/QC',
  status: 'granted',
  from: '2020-01-01T00:00:00Z',
  ...over,
})
const publish = async (over: Partial<ListRow> = {}) =>
  signedList(listXml({ services: [service()], ...over }), supervisor)
const refusal = (octets: Uint8Array, given: Partial<typeof trust> = {}) => {
  try {
    return readTrustList(octets, { ...trust, ...given }).sequence
  } catch (error) {
    return error instanceof TrustListError ? error.code : error
  }
}

describe('TS 119 612 §5: a trusted list', () => {
  test('says who published it, when, and whom it approves', async () => {
    const list = readTrustList(await publish(), trust)
    expect(list).toMatchObject({
      sequence: 7,
      operator: 'Deneme Kurumu',
      issued: new Date('2026-06-01T00:00:00Z'),
      nextUpdate: new Date('2027-01-01T00:00:00Z'),
    })
    expect(anchorsAt(list.services, 'users', AT)).toEqual([intermediate.certificate])
    expect(anchorsAt(list.services, 'tsas', AT)).toEqual([])
  })

  test.each<[string, Partial<ListRow>, object, string | number]>([
    ['before its next update', {}, { at: new Date('2026-12-31T23:59:59Z') }, 7],
    ['after its next update', {}, { at: new Date('2027-01-01T00:00:01Z') }, 'OUTDATED'],
    ['closed: never changes again', { nextUpdate: '' }, { at: new Date('2050-01-01T00:00:00Z') }, 7],
    ['signed by somebody else', {}, { signers: [pki().user.certificate] }, 'UNKNOWN_SIGNER'],
    ['nobody is named who may sign', {}, { signers: [] }, 'UNKNOWN_SIGNER'],
    ['of a version that nobody defined', { version: 4 }, {}, 'NOT_A_LIST'],
    ['with a time that has no zone', { nextUpdate: '2027-01-01T00:00:00' }, {}, 'NOT_A_LIST'],
  ])('%s', async (_, over, given, result) => expect(refusal(await publish(over), given)).toBe(result))

  test('an octet that was changed; none signed; other XML; no XML', async () => {
    const octets = await publish()
    const changed = Buffer.from(octets.toString().replace('Svcstatus/granted', 'Svcstatus/accredited'))
    expect(refusal(changed)).toBe('BAD_SIGNATURE')
    expect(refusal(Buffer.from(listXml({ services: [] })))).toBe('NOT_SIGNED')
    expect(refusal(await signedList('<TrustServiceStatusList></TrustServiceStatusList>', supervisor))).toBe(
      'NOT_A_LIST',
    )
    expect(refusal(Buffer.from('-----BEGIN'))).toBe('NOT_A_LIST')
    expect(refusal(Buffer.from('<!DOCTYPE x><x/>'))).toBe('NOT_A_LIST')
  })

  test('a comment cannot split a value in two', async () => {
    const octets = await publish()
    const split = Buffer.from(octets.toString().replace('Svcstatus/granted', 'Svcstatus/gran<!-- -->ted'))
    const { services } = readTrustList(split, trust)
    expect(anchorsAt(services, 'users', AT)).toEqual([intermediate.certificate])
    for (const comment of ['<!-- -- -->', '<!-- --->', '<!--'])
      expect(refusal(Buffer.from(octets.toString().replace('<!-- Sağlayıcılar -->', comment)))).toBe(
        'NOT_A_LIST',
      )
  })
})

describe('TS 119 612 §5.5: services at a time', () => {
  const at = async (row: Partial<ServiceRow>, time = AT) =>
    anchorsAt(readTrustList(await publish({ services: [service(row)] }), trust).services, 'users', time)
      .length

  test.each<[string, Partial<ServiceRow>, number]>([
    ['granted', {}, 1],
    ['withdrawn', { status: 'withdrawn' }, 0],
    ['a status that nobody knows', { status: 'sunny' }, 0],
    ['for another service', { type: 'TSA/QTST' }, 0],
    ['from tomorrow on', { from: '2026-07-02T00:00:00Z' }, 0],
    ['of two certificates', { certificates: [intermediate.certificate, root.certificate] }, 2],
    ['of one, twice', { certificates: [root.certificate, root.certificate] }, 1],
    ['of none', { certificates: [] }, 0],
  ])('%s', async (_, row, count) => expect(await at(row)).toBe(count))

  test('its history says what it was before', async () => {
    const row = {
      status: 'withdrawn',
      from: '2024-01-01T00:00:00Z',
      history: [
        { type: 'CA/QC', status: 'granted', from: '2016-07-01T00:00:00Z' },
        { type: 'CA/QC', status: 'undersupervision', from: '2010-01-01T00:00:00Z' },
      ],
    }
    for (const [time, count] of [
      ['2025-01-01', 0],
      ['2023-12-31', 1],
      ['2012-01-01', 1],
      ['2009-01-01', 0],
    ] as const)
      expect(await at(row, new Date(`${time}T00:00:00Z`))).toBe(count)
  })

  const [signatures, web] = [serviceFor('ForeSignatures'), serviceFor('ForWebSiteAuthentication')]
  const strange = '<Strange xmlns="urn:x"/>'
  test.each<[string, string[], number]>([
    ['for signatures', [signatures], 1],
    ['for seals', [serviceFor('ForeSeals')], 1],
    ['for web sites', [web], 0],
    ['for web sites, not critical', [serviceFor('ForWebSiteAuthentication', 'false')], 0],
    ['for web sites and signatures', [web, signatures], 1],
    ['of a root', [serviceFor('RootCA-QC')], 1],
    ['for what nobody defined', [serviceFor('ForMoon')], 0],
    ['for what nobody defined, not critical', [serviceFor('ForMoon', '0')], 1],
    ['with a critical extension that nobody knows', [signatures, serviceExtension(strange)], 0],
    [
      'the same beside one that is known',
      [serviceExtension(strange).replace('</Extension>', '<ExpiredCertsRevocationInfo/></Extension>')],
      0,
    ],
    ['with one that does not say whether it is critical', [serviceExtension(strange, undefined)], 0],
    ['with an empty one', [serviceExtension('')], 0],
    ['with one that is not critical', [serviceExtension(strange, 'false')], 1],
    [
      'that keeps what it knows of expired certificates',
      [serviceExtension('<ExpiredCertsRevocationInfo>2020-01-01T00:00:00Z</ExpiredCertsRevocationInfo>')],
      1,
    ],
  ])('%s', async (_, extensions, count) => {
    expect(await at({ extensions })).toBe(count)
    const history = [{ type: 'CA/QC', status: 'granted', from: '2019-01-01T00:00:00Z', extensions }]
    expect(await at({ history }, new Date('2019-06-01T00:00:00Z'))).toBe(count)
  })
  test('what narrows a CA narrows no stamping authority', async () => {
    const services = [
      service({ certificates: [tsa.certificate], type: 'TSA/QTST', extensions: [signatures] }),
    ]
    expect(anchorsAt(readTrustList(await publish({ services }), trust).services, 'tsas', AT)).toHaveLength(1)
  })

  test('stamping authorities and providers have types of their own', async () => {
    const services = [
      service({ certificates: [tsa.certificate], type: 'TSA/QTST' }),
      service({ certificates: [supervisor.certificate], type: 'EDS/REM/Q' }),
    ]
    const list = readTrustList(await publish({ services }), trust)
    const named = (role: 'users' | 'providers' | 'tsas') =>
      anchorsAt(list.services, role, AT).map(({ subject }) => subject.commonName)
    expect([named('users'), named('tsas'), named('providers')]).toEqual([
      [],
      [tsa.certificate.subject.commonName],
      [supervisor.certificate.subject.commonName],
    ])
  })
})
