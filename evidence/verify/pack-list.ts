/** The signed list of a pack, and whether what lies there is what was listed. */
import { hash as digestOf } from 'node:crypto'
import type { Certificate } from '../ports.ts'
import type { Judged } from './evidence.ts'
import { PackFileTooLarge, type PackSource, readSums, SUMS, SUMS_SIGNATURE } from './pack-files.ts'
import type { PackMaterial } from './pack-material.ts'
import { type Finding, findingOf, type Reason } from './reasons.ts'
import { strictSignedData } from './signed-data-shape.ts'

/** What one verification of a pack has at hand. */
export interface Pack {
  readonly source: PackSource
  /** Those that are what the list says. */
  readonly names: ReadonlySet<string>
  readonly material: PackMaterial
  /** Of who signed evidence, by fingerprint. */
  readonly certificates: Map<string, Certificate>
}

/** Only what is as the list says; of what is not, that is told. */
export const soundFile = async ({ source, names }: Pack, name: string): Promise<Uint8Array | undefined> =>
  names.has(name) ? source.read(name) : undefined

export interface PackList {
  readonly octets: Uint8Array
  readonly signature: Uint8Array
  readonly sums: ReadonlyMap<string, string>
}

export async function listIn(source: PackSource): Promise<PackList | Finding> {
  try {
    const octets = await source.read(SUMS)
    const sums = octets && readSums(octets)
    if (octets === undefined || sums === undefined) return findingOf('PACK_LIST_UNREADABLE', SUMS)
    return { octets, sums, signature: (await source.read(SUMS_SIGNATURE)) ?? new Uint8Array(0) }
  } catch (error) {
    if (!(error instanceof PackFileTooLarge)) throw error
    return findingOf('PACK_FILE_TOO_LARGE', error.message)
  }
}

/** Every file is listed, and is what it was when the list was signed. */
export async function checkFiles(
  source: PackSource,
  sums: ReadonlyMap<string, string>,
): Promise<{ sound: ReadonlySet<string>; findings: Finding[] }> {
  const sound = new Set<string>()
  const findings: Finding[] = []
  for (const [name, sum] of sums) {
    const fault = await faultOf(source, name, sum)
    if (fault === undefined) sound.add(name)
    else findings.push(findingOf(fault, name))
  }
  for (const name of await source.names())
    if (!sums.has(name) && name !== SUMS && name !== SUMS_SIGNATURE)
      findings.push(findingOf('PACK_FILE_NOT_LISTED', name))
  return { sound, findings }
}

async function faultOf(source: PackSource, name: string, sum: string): Promise<Reason | undefined> {
  try {
    const file = await source.read(name)
    if (file === undefined) return 'PACK_FILE_MISSING'
    return digestOf('sha512', file, 'hex') === sum ? undefined : 'PACK_FILE_CHANGED'
  } catch (error) {
    if (!(error instanceof PackFileTooLarge)) throw error
    return 'PACK_FILE_TOO_LARGE'
  }
}

/** What no signature covers of the list's signature, or a seal's, has one form; and each is stamped. */
export function signatureForm(name: string, signature: Uint8Array, judged: readonly Judged[]): Finding[] {
  const strange = strictSignedData(signature)
  return [
    ...(strange === undefined ? [] : [findingOf('PACK_SIGNATURE_FORM', `${name}: ${strange}`)]),
    ...(judged.some(({ timestamp }) => timestamp === undefined) ? [findingOf('PACK_NOT_STAMPED', name)] : []),
  ]
}

export const about = (name: string, finding: Finding): Finding => ({
  ...finding,
  detail: `${name}: ${finding.detail}`,
})
