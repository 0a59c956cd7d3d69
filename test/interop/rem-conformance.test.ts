/**
 * The signed samples that accompany EN 319 532-4 and its Italian profile, read where OPENKEP_CONFORMANCE says they lie: every
 * envelope, every evidence inside and every time-stamp must hold. Their certificates are nobody's, so for each signature the
 * topmost certificate that it brings is believed.
 */
import { hash } from 'node:crypto'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { parseSignedData } from '../../evidence/cms/signed-data.ts'
import { verifyDetached } from '../../evidence/cms/verify.ts'
import type { Certificate } from '../../evidence/ports.ts'
import { verifyToken } from '../../evidence/tsa/token.ts'
import { partOctets } from '../../evidence/verify/part-octets.ts'
import { verifyXades } from '../../evidence/xades/verify.ts'
import { MimeIndexer } from '../../mail/mime-index.ts'
import type { MimePart } from '../../mail/mime-part.ts'

const folder = process.env['OPENKEP_CONFORMANCE']
const MIB = 1_048_576

const files = (ending: string): string[] =>
  folder === undefined
    ? []
    : readdirSync(folder, { recursive: true, encoding: 'utf8' })
        .filter((name) => name.endsWith(ending))
        .map((name) => join(folder, name))

/** Those that nobody in the bag has issued. */
const topmost = (bag: readonly Certificate[]): Certificate[] =>
  bag.filter(
    (one) =>
      one.isSelfIssued || !bag.some((other) => other.subject.text === one.issuer.text && other !== one),
  )

const checkToken = (der: Uint8Array, stamped: Uint8Array) => {
  const { certificates } = parseSignedData(der)
  const trust = {
    anchors: topmost(certificates),
    intermediates: certificates,
    crls: [],
    revocation: 'if-present',
  }
  const imprint = hash('sha256', stamped, 'buffer')
  return verifyToken(der, { imprint, hash: 'sha256', trust: { ...trust, revocation: 'if-present' } })
}

const indexed = (octets: Buffer): MimePart => {
  const index = new MimeIndexer()
  index.push(octets)
  const { root, faults } = index.end()
  expect(faults).toEqual([])
  return root
}

function* partsOf(part: MimePart): Generator<MimePart> {
  yield part
  for (const child of part.children) yield* partsOf(child)
}

async function envelopeFaults(octets: Buffer, root: MimePart): Promise<string[]> {
  const faults: string[] = []
  for (const part of partsOf(root)) {
    const [signed, signature] = part.children
    if (part.type !== 'multipart' || part.subtype !== 'signed' || signed === undefined) continue
    const cms = signature === undefined ? undefined : partOctets(octets, signature)
    const report = await verifyDetached(cms ?? new Uint8Array(0), (name) =>
      hash(name, octets.subarray(signed.headerStart, signed.bodyEnd), 'buffer'),
    )
    for (const signer of report.signers) if (!signer.ok) faults.push(signer.detail)
    if (report.signers.length === 0) faults.push('no signer')
  }
  return faults
}

const evidenceIn = (octets: Buffer, root: MimePart): Uint8Array[] =>
  [...partsOf(root)]
    .filter(({ type, subtype }) => type === 'application' && subtype === 'xml')
    .flatMap((part) => partOctets(octets, part) ?? [])
    .filter((xml) => Buffer.from(xml).includes('SignedInfo'))

describe.skipIf(folder === undefined)(
  'the samples of EN 319 532-4 (where OPENKEP_CONFORMANCE names them)',
  () => {
    test('every envelope holds', async () => {
      const faults: string[] = []
      let signed = 0
      for (const name of files('.eml')) {
        const octets = readFileSync(name)
        const root = indexed(octets)
        if (root.subtype === 'signed') signed++
        for (const fault of await envelopeFaults(octets, root)) faults.push(`${name}: ${fault}`)
      }
      expect(faults).toEqual([])
      expect(signed).toBeGreaterThan(200)
    })

    test('every evidence holds with its time-stamp, inside messages and alone', () => {
      const faults: string[] = []
      let verified = 0
      const judge = (name: string, xml: Uint8Array) => {
        const report = verifyXades(xml, checkToken)
        if (!report.ok) faults.push(`${name}: ${report.failure} ${report.detail}`)
        else if (report.timestamp === undefined) faults.push(`${name}: no time-stamp`)
        else verified++
      }
      for (const name of files('.xml')) {
        const xml = readFileSync(name)
        if (xml.length < MIB && xml.includes('SignedInfo') && !xml.includes('<!--')) judge(name, xml)
      }
      for (const name of files('.eml')) {
        const octets = readFileSync(name)
        for (const xml of evidenceIn(octets, indexed(octets))) judge(name, xml)
      }
      expect(faults).toEqual([])
      expect(verified).toBeGreaterThan(140)
      process.stdout.write(`${verified} deliller of the samples hold\n`)
    })
  },
)
