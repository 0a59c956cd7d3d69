import { describe, expect, test } from 'vitest'
import {
  fieldsOf,
  LEGAL_DISPUTED,
  LISTING_FIELDS,
  type Listing,
  masked,
  missingFields,
  needsConsent,
  shown,
} from '../../../mail/listing.ts'
import { type Criteria, fits, hasPrimary, tokensOf } from '../../../mail/listing-criteria.ts'

const everything = Object.fromEntries(LISTING_FIELDS.map((field) => [field, `x ${field}`]))
const listing = (over: Partial<Listing> = {}): Listing => ({
  address: 'ali.veli@hs98.kep.tr',
  provider: 'hs98.kep.tr',
  kind: 'natural',
  identity: { type: 'tckn', number: '10000000146' },
  listed: true,
  fields: everything,
  consent: [],
  ...over,
})
const seen = (over: Partial<Listing>, mandatory: Parameters<typeof shown>[1] = LEGAL_DISPUTED) => {
  const open = shown(listing(over), mandatory)
  return open && Object.keys(open.fields)
}
const criteria = (group: Criteria['group'], given: object): Criteria => ({
  group,
  given: new Map(Object.entries(given)) as Criteria['given'],
})

describe('6.10, 6.15 who is in the directory', () => {
  test.each<[string, Partial<Listing>, boolean]>([
    ['a natural person without consent', { listed: false }, false],
    ['a natural person with consent', {}, true],
    ['a company is not asked', { kind: 'legal', listed: false }, true],
    ['a public body is not asked', { kind: 'public', listed: false }, true],
    [
      'another that a register of institutions knows',
      { kind: 'other', listed: false, identity: { type: 'registry', number: '1' } },
      true,
    ],
    ['another that is a person', { kind: 'other', listed: false }, false],
  ])('%s: %s %s', (_, over, is) => {
    expect(shown(listing(over), []) !== undefined).toBe(is)
    expect(needsConsent(listing(over))).toBe(over.listed === false && !is ? true : !over.kind)
  })

  test('another without any number is asked, so nobody is listed by mistake', () => {
    const { identity: _, ...nobody } = listing({ kind: 'other', listed: false })
    expect(shown(nobody, [])).toBeUndefined()
  })
})

describe('6.11, 6.13 fields of natural persons', () => {
  test('Z: number and names; İ: each by its own consent', () => {
    expect(seen({})).toEqual(['givenNames', 'surname'])
    expect(fieldsOf('natural', []).optional).toEqual([
      'service',
      'title',
      'addressDetail',
      'district',
      'province',
      'publicKey',
      'phone',
    ])
    for (const field of fieldsOf('natural', []).optional)
      expect(seen({ consent: [field] })?.sort()).toEqual(['givenNames', 'surname', field].sort())
  })

  test('what is no field of a natural person is never seen, whatever was agreed to', () => {
    expect(seen({ consent: [...LISTING_FIELDS] })).toHaveLength(9)
    expect(seen({ consent: [...LISTING_FIELDS] })).not.toContain('fullName')
  })
})

describe('6.12, 6.14 fields of legal persons', () => {
  test.each([
    [LEGAL_DISPUTED, ['fullName', 'mainActivity', 'addressDetail', 'province']],
    [['mainActivity'] as const, ['fullName', 'mainActivity']],
    [[], ['fullName']],
  ])('where %j are mandatory', (mandatory, expected) => {
    expect(seen({ kind: 'legal' }, mandatory)).toEqual(expected)
  })

  test('those who act for it only where they were chosen', () => {
    expect(seen({ kind: 'public', consent: ['representativeSurname'] }, [])).toEqual([
      'fullName',
      'representativeSurname',
    ])
    expect(seen({ kind: 'legal', consent: ['province'] }, [])).toEqual(['fullName', 'province'])
  })

  test('what nobody filled in is told', () => {
    expect(missingFields({ kind: 'legal', fields: { fullName: 'x' } }, ['province'])).toEqual(['province'])
  })
})

test.each([
  ['tckn', '10000000146', '*********46'],
  ['passport', 'U12345', '****45'],
  ['mersis', '1000000014600012', '**************12'],
  ['mersis', '0876005220500260', '0876005220500260'],
  ['detsis', '24308110', '24308110'],
] as const)('a number of type %s %s is shown as %s', (type, number, expected) => {
  expect(masked({ type, number }).number).toBe(expected)
})

describe('6.6, 6.7 criteria', () => {
  test.each([
    ['natural', { address: 'a' }, true],
    ['natural', { identityNumber: '1' }, true],
    ['natural', { givenNames: 'Ali', surname: 'Veli' }, true],
    ['natural', { title: 'Avukat' }, true],
    ['natural', { givenNames: 'Ali' }, false],
    ['natural', { surname: 'Veli', province: 'Ankara' }, false],
    ['natural', { phone: '5320000000' }, false],
    ['natural', {}, false],
    ['legal', { address: 'a' }, true],
    ['legal', { identityNumber: '1' }, true],
    ['legal', { fullName: 'x' }, true],
    ['legal', { mainActivity: 'x' }, true],
    ['legal', { province: 'Ankara', representativeSurname: 'Veli' }, false],
  ] as const)('%s %j is enough: %s', (group, given, enough) => {
    expect(hasPrimary(criteria(group, given))).toBe(enough)
  })

  const ali = shown(
    listing({
      fields: {
        givenNames: 'İbrahim Ali',
        surname: 'IŞIK',
        title: 'Avukat',
        phone: '+90 532 111 22 33',
        province: 'İstanbul',
        service: 'receive-only',
      },
      consent: ['title', 'phone', 'service'],
    }),
    [],
  )!
  test.each([
    [{ givenNames: 'ıbrahım', surname: 'ışık' }, true],
    [{ givenNames: 'ALİ İBRAHİM', surname: 'Işık' }, true],
    [{ givenNames: 'Ibrahim Veli', surname: 'Işık' }, false],
    [{ givenNames: 'İbrahi', surname: 'Işık' }, false],
    [{ title: 'AVUKAT' }, true],
    [{ title: '*' }, false],
    [{ title: 'avukat', phone: '0532 1112233' }, true],
    [{ title: 'avukat', phone: '5321112233' }, true],
    [{ title: 'avukat', phone: '532111223' }, false],
    [{ title: 'avukat', service: 'receive-only' }, true],
    [{ title: 'avukat', service: 'send-receive' }, false],
    [{ title: 'avukat', province: 'İstanbul' }, false], // it may not be seen, so nothing is found by it
    [{ identityNumber: '10000000146' }, true],
    [{ identityNumber: '1000000014' }, false],
    [{ identityNumber: '*********46' }, false],
    [{ address: 'ALI.VELI@hs98.kep.tr' }, true],
  ])('%j finds: %s', (given, found) => {
    expect(fits(ali, criteria('natural', given))).toBe(found)
    expect(fits(ali, criteria('legal', given))).toBe(false)
  })

  test.each([
    ['', []],
    ['%_*?', []],
    ['A.Ş. Örnek-Örnek', ['a', 'ş', 'örnek']],
    ['__proto__', ['proto']],
    ['\ud800x/y', ['x', 'y']],
  ])('words of %j are %j', (text, expected) => {
    expect(tokensOf('title', text)).toEqual(expected)
  })
})
