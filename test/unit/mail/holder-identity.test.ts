import { describe, expect, test } from 'vitest'
import { type IdentityType, isIdentityNumber } from '../../../mail/holder-identity.ts'

describe('identity numbers of holders', () => {
  test.each<[IdentityType, string, boolean]>([
    ['tckn', '10000000146', true],
    ['tckn', '10000000078', true],
    ['tckn', '11111111110', true],
    ['tckn', '10000000147', false],
    ['tckn', '10000000156', false],
    ['tckn', '00000000000', false],
    ['tckn', '1000000014', false],
    ['tckn', '99000000006', false], // a foreigner's
    ['ykn', '10000000146', false],
    ['mersis', '0876005220500260', true],
    ['mersis', '0876005220600260', false], // the tax number's check digit
    ['mersis', '1000000014600015', true], // a merchant's, by the T.C. number
    ['mersis', '1000000014700015', false],
    ['mersis', '087600522050026', false],
    ['passport', 'U12345678', true],
    ['passport', 'u1', false],
    ['registry', '123456-5', true],
    ['registry', '../etc', false],
    ['detsis', '24301319', true],
    ['detsis', '2430131x', false],
  ])('%s %s: %s', (type, number, fits) => expect(isIdentityNumber({ type, number })).toBe(fits))
})
