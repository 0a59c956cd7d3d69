import { generateKeyPairSync, type KeyObject } from 'node:crypto'
import { Readable } from 'node:stream'
import { dkimVerify } from 'mailauth/lib/dkim/verify.js'
import { expect, test } from 'vitest'
import { dkimField } from '../../../../server/relay/outbound/dkim.ts'

const at = new Date()
const message = Buffer.from(
  'From: "Deneme" <kep@hs98.kep.tr>\r\nTo: a@hs99.kep.tr\r\nSubject: =?utf-8?Q?=C3=A7?=\r\n\r\n.\r\nson \xe7\r\n',
  'latin1',
)
const pem = (key: KeyObject): string => String(key.export({ type: 'pkcs8', format: 'pem' }))

test.each([
  ['rsa', () => generateKeyPairSync('rsa', { modulusLength: 2048 })],
  ['ed25519', () => generateKeyPairSync('ed25519')],
] as const)('%s: verified by another reader, over octets that did not change', async (kind, make) => {
  const { privateKey, publicKey } = make()
  const key = { selector: 'kep', domain: 'hs98.kep.tr', key: pem(privateKey) }
  const field = await dkimField(Readable.from([message]), key, at)
  expect(field).toMatch(/^DKIM-Signature: .*\r\n$/s)
  const der = publicKey.export({ type: 'spki', format: 'der' })
  const record = `v=DKIM1; k=${kind}; p=${(kind === 'rsa' ? der : der.subarray(-32)).toString('base64')}`
  const resolver = async (name: string): Promise<string[][]> => {
    expect(name).toBe('kep._domainkey.hs98.kep.tr')
    return [[record]]
  }
  const verdict = async (octets: Buffer) =>
    (await dkimVerify(octets, { resolver })).results.map(({ status, signingDomain }) => [
      signingDomain,
      status?.result,
    ])
  const signed = Buffer.concat([Buffer.from(field, 'latin1'), message])
  expect(await verdict(signed)).toEqual([['hs98.kep.tr', 'pass']])
  expect(signed.subarray(field.length).equals(message)).toBe(true)
  const changed = Buffer.from(signed)
  changed[changed.length - 4] = 0x62
  expect(await verdict(changed)).not.toEqual([['hs98.kep.tr', 'pass']])
})

test.each([
  ['no key', 'no key at all'],
  ['a key of another kind', pem(generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey)],
])('%s signs nothing', async (_, key) => {
  await expect(
    dkimField(Readable.from([message]), { selector: 'kep', domain: 'hs98.kep.tr', key }, at),
  ).rejects.toThrow('no DKIM signature')
})
