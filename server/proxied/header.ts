import { isIP } from 'node:net'

/** `PROXY TCP6 …` with two full IPv6 addresses and ports. [PROXY protocol §2.1] */
const MAX_V1 = 107
const V2_SIGNATURE = Buffer.from('\r\n\r\n\0\r\nQUIT\n', 'latin1')
const V2_HEAD = 16
/** Addresses and some TLVs; nobody sends more to a mail server. */
const MAX_V2 = 2048

/** Octets of the longest header; who has sent more without one has sent none. */
export const LONGEST_HEADER = V2_HEAD + MAX_V2

export type ProxyHeader =
  /** Not whole yet. */
  | { readonly kind: 'more' }
  | { readonly kind: 'invalid' }
  /** `ip` undefined: the balancer speaks for itself, as health checks do. */
  | { readonly kind: 'header'; readonly length: number; readonly ip: string | undefined }

const MORE = { kind: 'more' } as const
const INVALID = { kind: 'invalid' } as const

/** What a balancer says of whom it connects for, from the first octets of a connection. [PROXY protocol §2] */
export function readProxyHeader(octets: Buffer): ProxyHeader {
  if (octets.length === 0) return MORE
  return octets[0] === V2_SIGNATURE[0] ? readV2(octets) : readV1(octets)
}

function readV1(octets: Buffer): ProxyHeader {
  const end = octets.indexOf('\r\n')
  if (end < 0) return octets.length < MAX_V1 ? MORE : INVALID
  if (end > MAX_V1 - 2) return INVALID
  const length = end + 2
  const [word, family, source, destination, sourcePort, destinationPort, ...more] = octets
    .toString('latin1', 0, end)
    .split(' ')
  if (word !== 'PROXY') return INVALID
  if (family === 'UNKNOWN') return { kind: 'header', length, ip: undefined }
  const version = family === 'TCP4' ? 4 : family === 'TCP6' ? 6 : undefined
  const fits =
    version !== undefined &&
    more.length === 0 &&
    source !== undefined &&
    isIP(source) === version &&
    isIP(destination ?? '') === version &&
    isPort(sourcePort) &&
    isPort(destinationPort)
  return fits ? { kind: 'header', length, ip: source } : INVALID
}

const isPort = (text: string | undefined): boolean => /^\d{1,5}$/.test(text ?? '') && Number(text) <= 65_535

function readV2(octets: Buffer): ProxyHeader {
  const seen = Math.min(octets.length, V2_SIGNATURE.length)
  if (octets.compare(V2_SIGNATURE, 0, seen, 0, seen) !== 0) return INVALID
  if (octets.length < V2_HEAD) return MORE
  const [versionAndCommand = 0, family = 0] = octets.subarray(12, 14)
  const rest = octets.readUInt16BE(14)
  const command = versionAndCommand & 0x0f
  if (versionAndCommand >> 4 !== 2 || command > 1 || rest > MAX_V2) return INVALID
  if (octets.length < V2_HEAD + rest) return MORE
  const length = V2_HEAD + rest
  if (command === 0) return { kind: 'header', length, ip: undefined } // LOCAL
  const addresses = octets.subarray(V2_HEAD, length)
  if (family === 0x11 && rest >= 12) return { kind: 'header', length, ip: addresses.subarray(0, 4).join('.') }
  if (family === 0x21 && rest >= 36) {
    return { kind: 'header', length, ip: ipv6Of(addresses) }
  }
  return INVALID
}

const MAPPED = Buffer.from('00000000000000000000ffff', 'hex')

/** IPv4 that was written as IPv6 is IPv4. [RFC 4291 §2.5.5.2] */
function ipv6Of(octets: Buffer): string {
  if (octets.subarray(0, 12).equals(MAPPED)) return octets.subarray(12, 16).join('.')
  return Array.from({ length: 8 }, (_, group) => octets.readUInt16BE(2 * group).toString(16)).join(':')
}
