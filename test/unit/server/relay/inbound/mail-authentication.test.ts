import { generateKeyPairSync } from 'node:crypto'
import { dkimSign } from 'mailauth'
import { describe, expect, test } from 'vitest'
import { readHeader } from '../../../../../mail/header-read.ts'
import { MimeIndexer } from '../../../../../mail/mime-index.ts'
import { mailAuthentication, type Resolver } from '../../../../../server/relay/inbound/mail-authentication.ts'
import type { Arrival } from '../../../../../server/relay/inbound/parts.ts'
import { peerOf } from '../../../../fakes/peer-listener.ts'
import { PEER } from '../../../../fakes/peer-mail.ts'

const { privateKey, publicKey } = generateKeyPairSync('rsa', {
  modulusLength: 2048,
  privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
  publicKeyEncoding: { type: 'spki', format: 'der' },
})
const zone: Readonly<Record<string, string>> = {
  [`s1._domainkey.${PEER} TXT`]: `v=DKIM1; k=rsa; p=${publicKey.toString('base64')}`,
  [`${PEER} TXT`]: 'v=spf1 ip4:192.0.2.7 -all',
  [`_dmarc.${PEER} TXT`]: 'v=DMARC1; p=reject',
}
const resolver: Resolver = async (name, type) => {
  const found = Object.hasOwn(zone, `${name} ${type}`) ? zone[`${name} ${type}`] : undefined
  if (found === undefined) throw Object.assign(new Error('no such name'), { code: 'ENOTFOUND' })
  return [[found]]
}
const message = Buffer.from(`From: kep@${PEER}\r\nSubject: x\r\n\r\n${'gövde\r\n'.repeat(20_000)}`)
const TRACE = 'Return-Path: <x>\r\n'

async function signed(): Promise<Buffer> {
  const key = { signingDomain: PEER, selector: 's1', privateKey }
  const { signatures } = await dkimSign(message, {
    canonicalization: 'relaxed/relaxed',
    // The types ask for one key, the program for a list.
    ...key,
    signatureData: [key],
  })
  return Buffer.concat([Buffer.from(signatures), message])
}

function arrivalOf(octets: Buffer): Arrival {
  const stored = Buffer.concat([Buffer.from(TRACE), octets])
  const indexer = new MimeIndexer()
  indexer.push(stored)
  const ref = { hash: '0', size: stored.length }
  return {
    id: 'a',
    at: new Date(),
    ip: '192.0.2.7',
    clientName: `posta.${PEER}`,
    mailFrom: `bounce@${PEER}`,
    tls: '',
    peer: peerOf(PEER),
    identity: 'certificate',
    recipients: [],
    received: {
      staged: {
        ref,
        open: async function* (range = { start: 0, end: ref.size }, into) {
          for (let at = range.start; at < range.end; at += 1000) {
            const piece = stored.subarray(at, Math.min(at + 1000, range.end))
            into?.set(piece)
            yield into === undefined ? piece : into.subarray(0, piece.length)
          }
        },
        discard: async () => {},
      },
      index: indexer.end(),
      wire: {
        bareCr: false,
        bareLf: false,
        nul: false,
        eightBit: true,
        eightBitHeader: false,
        longestLine: 9,
      },
      signedDigest: undefined,
      bodyDigest: '',
    },
    traceOctets: TRACE.length,
    sha256: '',
    header: readHeader(stored),
  }
}

describe('DKIM, SPF and DMARC are recorded', () => {
  test('where they pass', async () => {
    const result = await mailAuthentication(arrivalOf(await signed()), 'hs98.kep.tr', resolver)
    expect(result).toMatch(/^hs98\.kep\.tr; dkim=pass .*spf=pass .*dmarc=pass /)
    expect(result).not.toMatch(/[\r\n]/)
  })

  test('where the body was changed on the way', async () => {
    const octets = Buffer.from((await signed()).toString().replace('gövde', 'govde'))
    expect(await mailAuthentication(arrivalOf(octets), 'hs98.kep.tr', resolver)).toMatch(
      /dkim=(neutral|fail) /,
    )
  })

  test('DNS that never answers is a note, and nobody waits for it', async () => {
    const never: Resolver = () => new Promise(() => {})
    expect(await mailAuthentication(arrivalOf(await signed()), 'hs98.kep.tr', never, 50)).toBe(
      'hs98.kep.tr; dkim=temperror; spf=temperror; dmarc=temperror',
    )
  })

  test('a hundred signatures are not computed', async () => {
    const octets = Buffer.concat([Buffer.from('DKIM-Signature: v=1\r\n'.repeat(100)), message])
    const asked: Resolver = () => {
      throw new Error('asked')
    }
    expect(await mailAuthentication(arrivalOf(octets), 'hs98.kep.tr', asked)).toMatch(/too many/)
  })
})
