import { describe, expect, test } from 'vitest'
import { KeyRing } from '../../../../evidence/keys/key-ring.ts'
import { daysFromNow, pki } from '../../../fakes/pki.ts'

const valid = (from: number, until: number) =>
  pki().issue(
    { kind: 'provider', email: 'kep@hs98.kep.tr' },
    { notBefore: daysFromNow(from), notAfter: daysFromNow(until) },
  ).signer

describe('of several keys the newest that is valid signs', () => {
  const [old, next] = [valid(-300, 30), valid(10, 400)]
  test.each([
    [-400, undefined],
    [0, old],
    [9, old],
    [10, next],
    [29, next],
    [399, next],
    [401, undefined],
  ])('on day %i', (day, signer) => {
    for (const ring of [new KeyRing([old, next]), new KeyRing([next, old])]) {
      const chosen = () => ring.at(daysFromNow(day))
      if (signer === undefined) expect(chosen).toThrow('NONE_IN_FORCE')
      else expect(chosen()).toBe(signer)
    }
  })
  test('one that ended gives way to an older one that lasts', () => {
    expect(new KeyRing([old, valid(-20, -10)]).at(daysFromNow(0))).toBe(old)
  })
})
