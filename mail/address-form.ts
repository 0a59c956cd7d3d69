import type { StoredAccount } from './account.ts'
import type { HolderIdentity } from './holder-identity.ts'
import type { KepAddress } from './kep-address.ts'
import { turkishToAscii } from './turkish-fold.ts'

/** Why an address does not fit its holder, for a person to read. */
export interface FormFault {
  readonly tr: string
  readonly en: string
}

interface Holder extends Pick<StoredAccount, 'kind' | 'holder'> {
  readonly identity?: HolderIdentity | undefined
}

/**
 * Which addresses a holder may have; undefined where this one fits. Natural persons: `ad.soyad` or `ad.soyad.numara` at
 * the provider's own domain. Others: MERSİS or name, alone or with a free part, or any name in a sub-domain. Whose sub-domain it is, is the
 * operator's judgement: institutions apply there for their staff and members too.
 * [KEP rehberi tebliği 16.05.2012/28294; the form for natural persons is unverified]
 */
export const addressFault = (kep: KepAddress, holder: Holder): FormFault | undefined =>
  holder.kind === 'natural' ? faultOfNatural(kep, holder) : faultOfLegal(kep, holder)

function faultOfNatural({ local, domain, provider }: KepAddress, { holder }: Holder): FormFault | undefined {
  if (domain !== provider)
    return {
      tr: 'Gerçek kişinin adresi alt alan adında olamaz',
      en: 'a natural person has no address in a sub-domain',
    }
  const names = wordsOf(holder)
  const labels = local.split('.')
  const number = labels.length === 3 ? labels.pop() : undefined
  const [given, family] = labels
  if (
    labels.length === 2 &&
    (number === undefined || /^[0-9]+$/.test(number)) &&
    names.some((_, split) => split > 0 && fits(given, family, names.slice(0, split), names.slice(split)))
  )
    return undefined
  const example = names.length < 2 ? 'ad.soyad' : `${names.slice(0, -1).join('')}.${names.at(-1)}`
  return {
    tr: `Adres ad.soyad ya da ad.soyad.numara biçiminde olmalı, örneğin ${example}`,
    en: `the address is name.surname or name.surname.number, for instance ${example}`,
  }
}

/** The surname whole, of the given names at least one letter: `mehmetali.celik`, `mali.celik`. */
const fits = (
  given: string | undefined,
  family: string | undefined,
  givenNames: readonly string[],
  familyNames: readonly string[],
): boolean =>
  given !== undefined &&
  (family === familyNames.join('') || family === familyNames.join('-')) &&
  isOfBeginnings(given, givenNames)

/** Whether the text is made of beginnings of the names, in their order; some may be left out. */
function isOfBeginnings(text: string, names: readonly string[]): boolean {
  let reached = new Set([0]) // how much of the text the names so far can make
  for (const name of names) {
    const next = new Set(reached)
    for (const start of reached)
      for (let length = 1; length <= name.length && text.startsWith(name.slice(0, length), start); length++)
        next.add(start + length)
    reached = next
  }
  return text !== '' && reached.has(text.length)
}

function faultOfLegal(
  { local, domain, provider }: KepAddress,
  { holder, identity }: Holder,
): FormFault | undefined {
  if (domain !== provider) return undefined
  const [first = '', ...rest] = local.split('.')
  const free = rest.length <= 1 && rest.every((label) => /^[a-z0-9]+$/.test(label))
  if (
    free &&
    ((identity?.type === 'mersis' && first === identity.number) ||
      isOfBeginnings(first.replaceAll('-', ''), wordsOf(holder)))
  )
    return undefined
  return {
    tr: 'Adres MERSİS numarası ya da tüzel kişi adı ile başlamalı, ardından yalnız bir serbest bölüm gelebilir; ya da kurumun alt alan adında olmalı',
    en: 'the address begins with the MERSİS number or the name, with at most one free part behind; or it stands in a sub-domain of the institution',
  }
}

/** A name's words as an address writes them: Turkish letters without their marks, lower case. */
const wordsOf = (name: string): string[] =>
  turkishToAscii(name)
    .toLowerCase()
    .split(/[^a-z0-9]+/)
    .filter((word) => word !== '')
