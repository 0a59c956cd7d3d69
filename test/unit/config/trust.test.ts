import { expect, test } from 'vitest'
import { hostOrAddress } from '../../../config/values.ts'

test.each([
  ['CRL.Example.TR', 'crl.example.tr'],
  ['10.1.2.3', '10.1.2.3'],
  ['FD12::1', 'fd12::1'],
  ['http://crl.example', undefined],
  ['crl.example:80', undefined],
  ['[::1]', undefined],
  ['10.0.0.0/8', undefined],
  ['', undefined],
])('host %j', (text, host) => expect(hostOrAddress.safeParse(text).data).toBe(host))
