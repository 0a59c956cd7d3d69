import { describe, expect, test } from 'vitest'
import { toPem } from '../../../../evidence/x509/certificate.ts'
import { crlsIn, readCrl } from '../../../../evidence/x509/crl.ts'
import { findRevocation } from '../../../../evidence/x509/crl-entries.ts'
import { X509Error } from '../../../../evidence/x509/error.ts'
import { daysFromNow, emptyCrl, pki } from '../../../fakes/pki.ts'

const serialOf = (index: number): Uint8Array => Uint8Array.of(1, index >> 16, (index >> 8) & 255, index & 255)

describe('RFC 5280 §5.1: lists of many entries', () => {
  const date = daysFromNow(-3)
  const revoked = Array.from({ length: 50_000 }, (_, index) => ({ serial: serialOf(index), date }))
  const list = readCrl(emptyCrl(pki().intermediate, revoked))

  test('of 50 000 entries the first, the last and none are found', () => {
    expect(findRevocation(list, serialOf(0))).toEqual({ date, reason: undefined })
    expect(findRevocation(list, serialOf(49_999))).toEqual({ date, reason: undefined })
    expect(findRevocation(list, serialOf(50_000))).toBe(undefined)
    expect(findRevocation(list, serialOf(5).subarray(1))).toBe(undefined)
  })
  test('an entry that is no SEQUENCE makes the whole list malformed', () => {
    const bent = Uint8Array.from(list.der)
    bent[list.entriesEnd - 23] = 0x31
    expect(() => readCrl(bent)).toThrow(X509Error)
  })
})

test('a file of lists: one in DER, several in PEM, and what is none', () => {
  const [first, second] = pki().crls.map((der) => Buffer.from(der))
  expect(crlsIn(first!).map((der) => Buffer.from(der))).toEqual([first])
  const text = `roots\n${toPem('X509 CRL', first!)}\n${toPem('X509 CRL', second!)}`
  expect(crlsIn(Buffer.from(text)).map((der) => Buffer.from(der))).toEqual([first, second])
  for (const none of ['', 'a list', toPem('X509 CRL', pki().user.certificate.der)])
    expect(() => crlsIn(Buffer.from(none))).toThrow(X509Error)
})
