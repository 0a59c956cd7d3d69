/** XML that has broken other verifiers, by the name of the attack. */
import { describe, expect, test } from 'vitest'
import { verifyEvidence } from '../../../evidence/verify/evidence.ts'
import { worst } from '../../../evidence/verify/reasons.ts'
import type { VerifyOptions } from '../../../evidence/verify/trust.ts'
import { MAX_DEPTH, parseXml } from '../../../evidence/xml/parse.ts'
import { signedEvidence, trustOptions } from '../../fakes/evidence.ts'

const refused = expect.objectContaining({ name: 'XmlError' })

describe('XML', () => {
  test.each([
    ['billion laughs', '<!DOCTYPE a [<!ENTITY l "l"><!ENTITY m "&l;&l;">]><a>&m;</a>'],
    ['external entity', '<!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/passwd">]><a>&x;</a>'],
    ['empty DOCTYPE', '<!DOCTYPE a><a/>'],
    ['processing instruction', '<a><?php x?></a>'],
    ['stylesheet before the root', '<?xml-stylesheet href="x"?><a/>'],
    ['comment in a value', '<a>kep@<!-- -->hs98.kep.tr</a>'],
    ['comment after the root', '<a/><!-- x -->'],
    ['NUL', '<a>\0</a>'],
    ['deep nesting', '<a>'.repeat(MAX_DEPTH + 1) + '</a>'.repeat(MAX_DEPTH + 1)],
    ['very deep nesting', '<a>'.repeat(1_000_000)],
    ['attribute flood', `<a ${Array.from({ length: 5000 }, (_, n) => `a${n}=""`).join(' ')}/>`],
    ['node flood', `<a>${'<b/>'.repeat(250_000)}</a>`],
    ['size', `<a>${'x'.repeat(9_000_000)}</a>`],
    ['entity without end', `<a>&${'x'.repeat(100_000)}</a>`],
  ])('%s', (_name, text) => {
    expect(() => parseXml(Buffer.from(text))).toThrow(refused)
  })

  test('overlong UTF-8', () => {
    expect(() => parseXml(Buffer.from([0x3c, 0x61, 0x3e, 0xc0, 0xbc, 0x3c, 0x2f, 0x61, 0x3e]))).toThrow(
      refused,
    )
  })

  test('UTF-16 is not sniffed', () => {
    expect(() => parseXml(Buffer.from('\ufeff<a/>', 'utf16le'))).toThrow(refused)
  })
})

describe('signature', () => {
  type Attack = [string, (text: string) => string, string]
  const signature = (text: string): string => /<ds:Signature .*<\/ds:Signature>/s.exec(text)?.[0] ?? ''
  const attacks: Attack[] = [
    [
      'wrapping: the signed document inside another',
      (t) => `<x xmlns="urn:x">${t.replace(/^<\?.*\n/, '')}</x>`,
      'FORMAT_FAILURE',
    ],
    [
      'wrapping: a second root content before the signed one',
      (t) => t.replace('<EventCode>', '<EventCode>urn:evil</EventCode><EventCode>'),
      'HASH_FAILURE',
    ],
    ['a second signature', (t) => t.replace(signature(t), signature(t) + signature(t)), 'FORMAT_FAILURE'],
    [
      'the signature moved into an extension',
      (t) => t.replace(signature(t), '').replace('</Extension>', `${signature(t)}</Extension>`),
      'FORMAT_FAILURE',
    ],
    [
      'duplicate Id',
      (t) => t.replace('<EventCode>', '<EventCode Id="ev-0b6f0f0e-0000-4000-8000-000000000001">'),
      'FORMAT_FAILURE',
    ],
    [
      'duplicate id in another case',
      (t) => t.replace('<EventCode>', '<EventCode ID="ev-0b6f0f0e-0000-4000-8000-000000000001">'),
      'FORMAT_FAILURE',
    ],
    [
      'comment in the signature',
      (t) => t.replace('<ds:SignatureValue ', '<!-- --><ds:SignatureValue '),
      'FORMAT_FAILURE',
    ],
    ['stale Target', (t) => t.replace(/Target="#[^"]*"/, 'Target="#other"'), 'SIG_CONSTRAINTS_FAILURE'],
    [
      'reference to a part of the document',
      (t) => t.replace('URI=""', 'URI="#x1"').replace('<EventCode>', '<EventCode Id="x1">'),
      'SIG_CONSTRAINTS_FAILURE',
    ],
    [
      'reference to the network',
      (t) => t.replace('URI=""', 'URI="http://127.0.0.1/x"'),
      'SIG_CONSTRAINTS_FAILURE',
    ],
    [
      'reference to a file',
      (t) => t.replace('URI=""', 'URI="file:///etc/passwd"'),
      'SIG_CONSTRAINTS_FAILURE',
    ],
    [
      'an XPath of the attacker',
      (t) =>
        t.replace(
          '<ds:Transform Algorithm="http://www.w3.org/2000/09/xmldsig#enveloped-signature"></ds:Transform>',
          '<ds:Transform Algorithm="http://www.w3.org/2002/06/xmldsig-filter2"><XPath xmlns="http://www.w3.org/2002/06/xmldsig-filter2" Filter="subtract">/descendant::*</XPath></ds:Transform>',
        ),
      'SIG_CONSTRAINTS_FAILURE',
    ],
    [
      'XSLT',
      (t) =>
        t.replace(
          'http://www.w3.org/2000/09/xmldsig#enveloped-signature',
          'http://www.w3.org/TR/1999/REC-xslt-19991116',
        ),
      'SIG_CONSTRAINTS_FAILURE',
    ],
    [
      'SHA-1 digest',
      (t) =>
        t.replace(
          'http://www.w3.org/2001/04/xmlenc#sha256"></ds:DigestMethod><ds:DigestValue>',
          'http://www.w3.org/2000/09/xmldsig#sha1"></ds:DigestMethod><ds:DigestValue>',
        ),
      'CRYPTO_CONSTRAINTS_FAILURE',
    ],
    [
      'HMAC with the public key',
      (t) => t.replace(/xmldsig-more#rsa-sha256/, 'xmldsig-more#hmac-sha256'),
      'CRYPTO_CONSTRAINTS_FAILURE',
    ],
    ['no signature', (t) => t.replace(signature(t), ''), 'FORMAT_FAILURE'],
    [
      'the time-stamp of another signature',
      (t) => t.replace(/(<xades:EncapsulatedTimeStamp>)[^<]*/, '$1MAA='),
      'FORMAT_FAILURE',
    ],
    [
      'the certificate swapped',
      (t) => t.replace(/(<ds:X509Certificate>)[^<]*(<\/ds:X509Certificate>)/, ''),
      'NO_SIGNING_CERTIFICATE_FOUND',
    ],
  ]
  test.each(attacks)('%s', async (_name, attack, expected) => {
    const text = Buffer.from(await signedEvidence(Buffer.from('x'))).toString()
    const changed = attack(text)
    expect(changed).not.toBe(text)
    const { findings, fields } = verifyEvidence(Buffer.from(changed), trustOptions())
    expect(worst(findings)?.subIndication).toBe(expected)
    expect(fields).toBeUndefined()
  })

  test('a time-stamp cut off', async () => {
    const text = Buffer.from(await signedEvidence(Buffer.from('x'))).toString()
    const bare = Buffer.from(text.replace(/<xades:UnsignedProperties>.*<\/xades:UnsignedProperties>/s, ''))
    const told = (options: VerifyOptions) =>
      verifyEvidence(bare, options).findings.map(({ subIndication }) => subIndication)
    expect(told(trustOptions())).toEqual(['SIG_CONSTRAINTS_FAILURE'])
    // Where it is accepted, it counts only while the certificate is valid: nothing proves an earlier time.
    const now = new Date(Date.now() + 5 * 365 * 86_400_000)
    expect(told({ ...trustOptions(), unstampedEvidence: 'accept' })).toEqual([])
    expect(told({ ...trustOptions(), unstampedEvidence: 'accept', now })[0]).toBe('OUT_OF_BOUNDS_NO_POE')
  })
})
