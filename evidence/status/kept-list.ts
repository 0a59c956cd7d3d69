/** What is known of a list that was fetched, and who says that it is genuine. */
import type { ListFacts, TrustDesk } from '../desk/desk.ts'
import type { Certificate } from '../ports.ts'
import type { Asking } from './asking.ts'

export interface KeptList {
  readonly der: Uint8Array
  /** ms. */
  readonly issuedAt: number
  /** ms; `issuedAt` where it says nothing. */
  readonly nextUpdate: number
  readonly number: bigint | undefined
  /** A CA that an anchor stands behind signed it. Else nobody asked yet who could tell. */
  readonly isGenuine: boolean
}

/** For whoever judges a path with these issuers. */
export type Standing =
  | 'genuine'
  /** Of one of their names, and signed by none of their keys. */
  | 'forged'
  /** Of another name. */
  | 'of-others'

/** Rejects for octets that are no list. */
export async function judgeList(
  der: Uint8Array,
  issuers: readonly Certificate[],
  { otherSigners }: Pick<Asking, 'otherSigners'>,
  desk: TrustDesk,
): Promise<Omit<KeptList, 'isGenuine'> & { readonly standing: Standing }> {
  let facts: ListFacts | undefined
  for (const issuer of issuers) {
    facts = await desk.list(der, issuer)
    if (!facts.named) continue
    const standing =
      facts.genuine || (await isByOther(der, issuer, otherSigners, desk)) ? 'genuine' : 'forged'
    return { ...kept(der, facts), standing }
  }
  return { ...kept(der, facts ?? (await desk.list(der))), standing: 'of-others' }
}

async function isByOther(
  der: Uint8Array,
  issuer: Certificate,
  otherSigners: Asking['otherSigners'],
  desk: TrustDesk,
): Promise<boolean> {
  for (const other of (await otherSigners?.(issuer)) ?? [])
    if ((await desk.list(der, other)).genuine) return true
  return false
}

const kept = (der: Uint8Array, { thisUpdate, nextUpdate, number }: ListFacts) => ({
  der,
  issuedAt: thisUpdate.getTime(),
  nextUpdate: (nextUpdate ?? thisUpdate).getTime(),
  number,
})

/** Whether the CA had replaced it by the other one. */
export function isOlder(list: KeptList, other: KeptList): boolean {
  if (list.issuedAt !== other.issuedAt) return list.issuedAt < other.issuedAt
  return list.number !== undefined && other.number !== undefined && list.number < other.number
}
