/**
 * When the archive of a provider was taken over by another: from then on the other's seals prove it, and what aged since does
 * not matter.
 */
import { hash as digestOf } from 'node:crypto'
import { type PackOptions, verifyPack } from './pack.ts'
import { PackFileTooLarge, type PackSource, SUMS } from './pack-files.ts'
import { worst } from './reasons.ts'

export type TakeOverReport =
  | { readonly ok: true; readonly provedAt: Date }
  | { readonly ok: false; readonly detail: string }

interface TakeOverText {
  readonly what?: unknown
  readonly details?: { readonly sums?: { readonly sha256?: unknown; readonly sha512?: unknown } }
}

/**
 * @param pack that was taken over
 * @param proof a pack of who took it over, with the record of that
 */
export async function provedTakeOver(
  pack: PackSource,
  proof: PackSource,
  options: PackOptions,
): Promise<TakeOverReport> {
  const list = await listOf(pack)
  if (list === undefined) return { ok: false, detail: `${SUMS}: missing` }
  const verified = await verifyPack(proof, options)
  const finding = worst([...verified.findings, ...verified.records.flatMap(({ findings }) => findings)])
  if (finding !== undefined) return { ok: false, detail: `${finding.reason} ${finding.detail}` }
  for (const { name, provedAt } of verified.records) {
    const text = name.startsWith('events/') ? await proof.read(name) : undefined
    if (text === undefined || provedAt === undefined) continue
    const { what, details } = readText(text)
    if (
      what === 'archive taken over' &&
      details?.sums?.sha256 === digestOf('sha256', list, 'hex') &&
      details.sums.sha512 === digestOf('sha512', list, 'hex')
    )
      return { ok: true, provedAt }
  }
  return { ok: false, detail: 'no sealed record says that this pack was taken over' }
}

async function listOf(pack: PackSource): Promise<Uint8Array | undefined> {
  try {
    return await pack.read(SUMS)
  } catch (error) {
    if (error instanceof PackFileTooLarge) return undefined
    throw error
  }
}

/** It was sealed, so it is what a provider wrote; of what kind is seen here. */
function readText(octets: Uint8Array): TakeOverText {
  try {
    const read: unknown = JSON.parse(Buffer.from(octets).toString())
    return typeof read === 'object' && read !== null ? read : {}
  } catch {
    return {}
  }
}
