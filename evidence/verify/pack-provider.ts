/**
 * Whose pack it is: list, seals and statements are signed by one provider, which issued the evidence that names it. Else
 * anybody with a certificate under the same roots could leave things out, put his own in, and sign what is left. The chain of
 * evidence holds what other providers issued too; that names them.
 */
import { isBelow } from '../../mail/kep-address.ts'
import type { Judged } from './evidence.ts'
import { holderOf, isOfAccount } from './holder.ts'
import type { PackedRecord } from './pack.ts'
import type { PackIndex } from './pack-index.ts'
import { type Finding, findingOf } from './reasons.ts'

export interface PackSigners {
  readonly list: readonly Judged[]
  /** Of seals and statements. */
  readonly others: readonly Judged[]
}

/** @param records those of the pack */
export function checkProvider(
  { list, others }: PackSigners,
  records: readonly PackedRecord[],
  { provider, selection }: Pick<PackIndex, 'provider' | 'selection'>,
): Finding[] {
  const [signer] = list.flatMap(({ certificate }) => certificate ?? [])
  // Why its certificate is not known is told already.
  if (signer === undefined) return []
  const holder = holderOf(signer)
  const strangers = [...list, ...others].flatMap(({ certificate }) =>
    certificate === undefined || holderOf(certificate) === holder
      ? []
      : [findingOf('PACK_LIST_SIGNER', certificate.subject.text)],
  )
  const issued = records.flatMap(({ name, judged }) => {
    const { certificate, fields } = judged ?? {}
    if (certificate === undefined || fields === undefined) return []
    const addresses = fields.issuer.addresses.map((address) => address.toLowerCase())
    const isOwn = holderOf(certificate) === holder
    return [
      {
        name,
        id: fields.id,
        certificate,
        addresses,
        isOwn,
        isNamed: addresses.some((one) => isBelow(one, provider)),
      },
    ]
  })
  const foreign = issued.filter(({ isOwn, isNamed }) => isNamed && !isOwn)
  const own = issued.filter(({ isOwn }) => isOwn)
  const isProved = selection.kind === 'everything' ? own.length > 0 : own.length + others.length > 0
  const known = own.flatMap(({ addresses, certificate }) => [...addresses, ...certificate.emailAddresses])
  const numbers = new Map<string, string>()
  const twice = own.flatMap(({ name, id }) => {
    const before = numbers.get(id)
    numbers.set(id, before ?? name)
    return before === undefined ? [] : [findingOf('PACK_TWICE', `${name}: ${before}`)]
  })
  return [
    ...strangers,
    ...twice,
    ...foreign.map(({ name, certificate }) =>
      findingOf('PACK_ISSUER', `${name}: ${certificate.subject.text}, not ${holder}`),
    ),
    ...[...list, ...others].flatMap(({ certificate }) =>
      certificate !== undefined && own.length > 0 && isOfAccount(certificate, provider, known)
        ? [findingOf('PACK_LIST_SIGNER', certificate.subject.text)]
        : [],
    ),
    ...(isProved ? [] : [findingOf('PACK_NO_PROVIDER', provider)]),
  ]
}
