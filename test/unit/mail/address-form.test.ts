import { describe, expect, test } from 'vitest'
import type { StoredAccount } from '../../../mail/account.ts'
import { addressFault } from '../../../mail/address-form.ts'
import type { HolderIdentity } from '../../../mail/holder-identity.ts'
import { parseKepAddress } from '../../../mail/kep-address.ts'

const fits = (
  address: string,
  kind: StoredAccount['kind'],
  holder: string,
  identity?: HolderIdentity,
): boolean => addressFault(parseKepAddress(address)!, { kind, holder, identity }) === undefined

describe('features 10.3: natural persons', () => {
  test.each<[address: string, holder: string, fits: boolean]>([
    ['mehmetali.celik@hs98.kep.tr', 'Mehmet Ali Çelik', true],
    ['mali.celik@hs98.kep.tr', 'Mehmet Ali Çelik', true],
    ['mehmet.celik@hs98.kep.tr', 'Mehmet Ali Çelik', true],
    ['ma.celik.7@hs98.kep.tr', 'Mehmet Ali Çelik', true],
    ['mehmet.celik.1234@hs98.kep.tr', 'Mehmet Ali Çelik', true],
    ['isil.ozgur@hs98.kep.tr', 'Işıl ÖZGÜR', true],
    ['ayse.celik-kaya@hs98.kep.tr', 'Ayşe Çelik Kaya', true],
    ['ayse.celikkaya@hs98.kep.tr', 'Ayşe Çelik Kaya', true],
    ['ayse.kaya@hs98.kep.tr', 'Ayşe Çelik Kaya', true],
    ['ali.celik@hs98.kep.tr', 'Veli Çelik', false],
    ['celik.mehmet@hs98.kep.tr', 'Mehmet Çelik', false],
    ['mehmet@hs98.kep.tr', 'Mehmet Çelik', false],
    ['mehmet.celik.a@hs98.kep.tr', 'Mehmet Çelik', false],
    ['mehmet.celik.1.2@hs98.kep.tr', 'Mehmet Çelik', false],
    ['mehmet.celik@kurum.hs98.kep.tr', 'Mehmet Çelik', false],
    ['.celik@hs98.kep.tr', 'Mehmet Çelik', false],
  ])('%s for %s: %s', (address, holder, expected) => {
    const kep = parseKepAddress(address)
    if (kep === undefined) return expect(expected).toBe(false)
    expect(addressFault(kep, { kind: 'natural', holder }) === undefined).toBe(expected)
  })

  test('what is wrong is told in both languages, with an example', () => {
    const fault = addressFault(parseKepAddress('x@hs98.kep.tr')!, { kind: 'natural', holder: 'Çağrı Öğüt' })
    expect(fault?.tr).toContain('cagri.ogut')
    expect(fault?.en).toContain('name.surname')
  })
})

describe('features 10.4 and 10.5: legal persons and public bodies', () => {
  const mersis = { type: 'mersis', number: '0876005220500260' } as const
  test.each<[address: string, fits: boolean]>([
    ['0876005220500260@hs98.kep.tr', true],
    ['0876005220500260.hukuk@hs98.kep.tr', true],
    ['ornekticaret@hs98.kep.tr', true],
    ['ornek-ticaret.muhasebe1@hs98.kep.tr', true],
    ['ornek@hs98.kep.tr', true],
    ['hukuk@ornek.hs98.kep.tr', true],
    ['0876005220500261@hs98.kep.tr', false],
    ['baska@hs98.kep.tr', false],
    ['ornek.a.b@hs98.kep.tr', false],
    ['ornek.a_b@hs98.kep.tr', false],
  ])('%s: %s', (address, expected) =>
    expect(fits(address, 'legal', 'Örnek Ticaret A.Ş.', mersis)).toBe(expected),
  )

  test('a sub-domain of an institution holds any name', () => {
    expect(fits('kayseribm@tkgm.hs98.kep.tr', 'public', 'Tapu ve Kadastro Genel Müdürlüğü')).toBe(true)
  })
})
