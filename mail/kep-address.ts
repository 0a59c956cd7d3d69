/** A KEP address (KEP hesabı adresi), read once and from then on known to be one. */
export interface KepAddress {
  /** Lower case, as it is compared, stored and shown. */
  readonly address: string
  readonly local: string
  /** `hs98.kep.tr` or `kurum.hs98.kep.tr`. */
  readonly domain: string
  /** The provider's own domain: the last three labels, `hsNN.kep.tr`. */
  readonly provider: string
}

/** [RFC 5321 §4.5.3.1.1] */
const MAX_LOCAL = 64
const DOT_ATOM = /^[a-z0-9!#$%&'*+/=?^_`{|}~-]+(?:\.[a-z0-9!#$%&'*+/=?^_`{|}~-]+)*$/
const LABEL = /^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/
const PROVIDER = /^hs[0-9]{2,3}$/

/** undefined where the text is no KEP address: only `local@[sub.…]hsNN.kep.tr` is one. */
export function parseKepAddress(text: string): KepAddress | undefined {
  if (text.length > 254) return undefined
  const at = text.lastIndexOf('@')
  const local = text.slice(0, at).toLowerCase()
  const domain = text.slice(at + 1).toLowerCase()
  if (at < 1 || local.length > MAX_LOCAL || !DOT_ATOM.test(local)) return undefined
  const labels = domain.split('.')
  if (labels.length < 3 || labels.at(-1) !== 'tr' || labels.at(-2) !== 'kep') return undefined
  if (!labels.every((label) => LABEL.test(label)) || !PROVIDER.test(labels.at(-3) ?? '')) return undefined
  return { address: `${local}@${domain}`, local, domain, provider: labels.slice(-3).join('.') }
}

/**
 * Whether any text that ends like an address is at a provider's domain or below: `kep@hs98.kep.tr`, `kep@kurum.hs98.kep.tr`.
 *
 * @param provider lower case
 */
export function isBelow(address: string, provider: string): boolean {
  const domain = address.slice(address.lastIndexOf('@') + 1).toLowerCase()
  return domain === provider || domain.endsWith(`.${provider}`)
}

/** Mailboxes that belong to the operator and are never allotted. [RFC 2142 §5] */
export const reservedLocals: ReadonlySet<string> = new Set(['postmaster', 'abuse', 'kep'])
