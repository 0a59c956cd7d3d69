/** Every octet of what arrives is bent, one at a time: it is refused with our own errors, or it says the same. */
import { hash } from 'node:crypto'
import { describe, expect, test } from 'vitest'
import { OpaqueReader } from '../../../evidence/cms/opaque.ts'
import { signDetached, signEnclosed } from '../../../evidence/cms/sign.ts'
import { type CmsReport, verifyDetached } from '../../../evidence/cms/verify.ts'
import { KeyError } from '../../../evidence/keys/error.ts'
import { readPkcs12 } from '../../../evidence/keys/pkcs12.ts'
import { TimestampError } from '../../../evidence/tsa/error.ts'
import { buildTimestampRequest } from '../../../evidence/tsa/request.ts'
import { answerTimestampQuery } from '../../../evidence/tsa/responder.ts'
import { tokenOfResponse } from '../../../evidence/tsa/response.ts'
import { verifyToken } from '../../../evidence/tsa/token.ts'
import { parseCertificate } from '../../../evidence/x509/certificate.ts'
import { readCrl } from '../../../evidence/x509/crl.ts'
import { findRevocation } from '../../../evidence/x509/crl-entries.ts'
import { X509Error } from '../../../evidence/x509/error.ts'
import { validatePath } from '../../../evidence/x509/path.ts'
import { systemClock } from '../../../mail/clock.ts'
import { emptyCrl, pki } from '../../fakes/pki.ts'

const content = Buffer.from('içerik')
const digest = hash('sha256', content, 'buffer')
const { signer } = pki().user
const at = new Date()

/** Two ways to bend each octet: the lowest bit, and all of them. */
function* mutations(octets: Uint8Array): Generator<Uint8Array> {
  for (let index = 0; index < octets.length; index++)
    for (const mask of [0x01, 0xff]) {
      const bent = Uint8Array.from(octets)
      bent[index]! ^= mask
      yield bent
    }
}

/** What a good signature says: who, over what, when. */
const meaning = ({ signers }: CmsReport): unknown =>
  signers.map((one) =>
    one.ok ? [one.certificate.fingerprint, one.hash, one.signingTime, one.bes] : one.failure,
  )

describe('one bent octet', () => {
  test('of a detached signature', async () => {
    const der = await signDetached({ digest, signer, signingTime: at })
    const good = meaning(await verifyDetached(der, () => digest))
    for (const bent of mutations(der)) {
      const report = await verifyDetached(bent, () => digest)
      if (report.signers.every(({ ok }) => ok)) expect(meaning(report)).toEqual(good)
    }
  })
  test('of an opaque message', async () => {
    const der = await signEnclosed(content, { signer, signingTime: at })
    const read = (octets: Uint8Array): [CmsReport, Buffer] => {
      const seen: Uint8Array[] = []
      const reader = new OpaqueReader((piece) => seen.push(Uint8Array.from(piece)))
      for (let from = 0; from < octets.length; from += 37) reader.write(octets.subarray(from, from + 37))
      return [reader.end(), Buffer.concat(seen)]
    }
    const good = meaning(read(der)[0])
    for (const bent of mutations(der)) {
      const [report, seen] = read(bent)
      if (!report.signers.every(({ ok }) => ok)) continue
      expect(meaning(report)).toEqual(good)
      expect(seen).toEqual(content)
    }
  })
  test('of a time-stamp token', async () => {
    const query = buildTimestampRequest({
      imprint: digest,
      hash: 'sha256',
      nonce: Uint8Array.of(5),
      certificate: true,
    })
    const authority = { signer: pki().tsa.signer, policy: '1.2.3', serial: () => 1n, clock: systemClock }
    const der = tokenOfResponse(await answerTimestampQuery(query, authority))
    const expected = { imprint: digest, hash: 'sha256', nonce: Uint8Array.of(5), trust: pki().trust } as const
    const good = verifyToken(der, expected)
    for (const bent of mutations(der)) {
      try {
        const { time, serial, policy } = verifyToken(bent, expected)
        expect([time, serial, policy]).toEqual([good.time, good.serial, good.policy])
      } catch (error) {
        expect(error).toBeInstanceOf(TimestampError)
      }
    }
  })
  test('of a certificate: no path', () => {
    for (const bent of mutations(signer.certificate.der)) {
      try {
        const certificate = parseCertificate(bent)
        expect(validatePath(certificate, { ...pki().trust, at }).ok).toBe(false)
      } catch (error) {
        expect(error).toBeInstanceOf(X509Error)
      }
    }
  })
  test('of a list: no answer from it', () => {
    const list = emptyCrl(pki().intermediate, [{ serial: Uint8Array.of(77), date: at }])
    for (const bent of mutations(list)) {
      const crls = [pki().crls[0]!, bent]
      expect(validatePath(signer.certificate, { ...pki().trust, crls, at })).toMatchObject({ ok: false })
      try {
        findRevocation(readCrl(bent), Uint8Array.of(77))
      } catch (error) {
        expect(error).toBeInstanceOf(X509Error)
      }
    }
  })
  test('of a query to the TSA: an answer all the same', async () => {
    const query = buildTimestampRequest({ imprint: digest, hash: 'sha256', certificate: true })
    const authority = { signer: pki().tsa.signer, policy: '1.2.3', serial: () => 1n, clock: systemClock }
    for (const bent of mutations(query))
      expect((await answerTimestampQuery(bent, authority)).length).toBeGreaterThan(5)
  })
  test('of the frame of a PKCS#12 file', () => {
    const frame = Buffer.from('3082010002010330', 'hex')
    for (const bent of mutations(frame)) expect(() => readPkcs12(bent, 'x')).toThrow(KeyError)
  })
})

describe('a message that is cut short', () => {
  test('opaque, at every octet', async () => {
    const der = await signEnclosed(content, { signer, signingTime: at })
    for (let length = 0; length < der.length; length++) {
      const reader = new OpaqueReader(() => {})
      reader.write(der.subarray(0, length))
      expect(reader.end().signers).toMatchObject([{ ok: false }])
    }
  })
  test('opaque, with octets after it', async () => {
    const der = await signEnclosed(content, { signer, signingTime: at })
    const reader = new OpaqueReader(() => {})
    reader.write(der)
    reader.write(Uint8Array.of(0))
    expect(reader.end().signers).toMatchObject([{ ok: false, failure: 'MALFORMED' }])
  })
})
