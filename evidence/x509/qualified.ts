/**
 * What a certificate states of being qualified (nitelikli elektronik sertifika, NES). [EN 319 412-5 §4.2] In Turkey the
 * statement of the eIDAS regulation stands together with one of BTK's, which tells a person's certificate from an e-seal.
 */
import { Asn1Error } from '../asn1/error.ts'
import { OID } from '../asn1/oid.ts'
import { readWhole } from '../asn1/reader.ts'
import { TAG } from '../asn1/tag.ts'
import { readOid } from '../asn1/values.ts'
import type { Extension, Qualification } from '../ports.ts'

/** Real certificates make up to eight. */
const MAX_STATEMENTS = 32

const NATIONAL: ReadonlyMap<string, Qualification['national']> = new Map([
  [OID.trPersonal, 'nes'],
  [OID.trSeal, 'e-seal'],
])

const TYPES: ReadonlyMap<string, Qualification['types'][number]> = new Map([
  [OID.qcTypeSignature, 'signature'],
  [OID.qcTypeSeal, 'seal'],
  [OID.qcTypeWeb, 'web'],
])

/** undefined where the extension is absent. Throws Asn1Error. */
export function readQualification(extensions: ReadonlyMap<string, Extension>): Qualification | undefined {
  const value = extensions.get(OID.qcStatements)?.value
  if (value === undefined) return undefined
  const statements = new Map<string, Uint8Array | undefined>()
  for (const item of readWhole(value, 'der', TAG.sequence).open()) {
    if (statements.size === MAX_STATEMENTS)
      throw new Asn1Error('BAD_VALUE', `over ${MAX_STATEMENTS} statements`)
    const parts = item.open()
    const id = readOid(parts.expect(TAG.oid))
    statements.set(id, parts.done ? undefined : parts.next().octets)
    parts.finish()
  }
  return {
    isQualified: statements.has(OID.qcCompliance),
    onDevice: statements.has(OID.qcDevice),
    national: [...statements.keys()].flatMap((id) => NATIONAL.get(id) ?? [])[0],
    types: typesIn(statements.get(OID.qcType)),
  }
}

/** Those that are known. [EN 319 412-5 §4.2.3] */
function typesIn(info: Uint8Array | undefined): Qualification['types'] {
  if (info === undefined) return []
  return [...readWhole(info, 'der', TAG.sequence).open()].flatMap((item) => TYPES.get(readOid(item)) ?? [])
}
