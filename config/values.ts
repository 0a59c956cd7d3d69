/** Values as the configuration writes them, and what they are read into. */
import { BlockList, isIP } from 'node:net'
import { z } from 'zod'

const SIZE = /^(\d+) ?(B|KB|MB|GB|KiB|MiB|GiB)?$/
const sizeUnits = new Map([
  ['B', 1],
  ['KB', 1e3],
  ['MB', 1e6],
  ['GB', 1e9],
  ['KiB', 1024],
  ['MiB', 1024 ** 2],
  ['GiB', 1024 ** 3],
])
/** Octets: a number, or a number with a unit (`25 MB` is 25 000 000). */
export const octets = z.union([z.number().int().nonnegative(), z.string().regex(SIZE)]).transform((value) => {
  if (typeof value === 'number') return value
  const match = SIZE.exec(value)
  return Number(match?.[1]) * (sizeUnits.get(match?.[2] ?? 'B') ?? 1)
})

/** A size as the configuration writes it; undefined where it is none. */
export const octetsOf = (size: string): number | undefined => octets.safeParse(size).data

const SPAN = /^(\d+) ?(ms|s|min|h|d)$/
const spanUnits = new Map([
  ['ms', 1],
  ['s', 1000],
  ['min', 60_000],
  ['h', 3_600_000],
  ['d', 86_400_000],
])
/** Milliseconds: a number with a unit (`15 min`). */
export const span = z
  .string()
  .regex(SPAN)
  .transform((value) => {
    const match = SPAN.exec(value)
    return Number(match?.[1]) * (spanUnits.get(match?.[2] ?? 'ms') ?? 1)
  })

/** Arcs below 2⁵³, as the reader of tokens knows them. */
const OID = /^(?:[01]\.(?:\d|[1-3]\d)|2\.(?:0|[1-9]\d{0,14}))(?:\.(?:0|[1-9]\d{0,14})){1,20}$/
/** A dotted object identifier. */
export const oid = z.string().regex(OID, 'expected an OID such as 2.16.792.1.2.3')

export const ISTANBUL = 'Europe/Istanbul'
/** A name of the IANA time zone database. */
export const timeZone = z.string().refine(isTimeZone, 'expected a time zone such as Europe/Istanbul')

function isTimeZone(name: string): boolean {
  try {
    new Intl.DateTimeFormat('en', { timeZone: name })
    return true
  } catch {
    return false
  }
}

export const file = z.string().min(1)
/** A provider's own domain. */
export const providerDomain = z.string().regex(/^hs[0-9]{2,3}\.kep\.tr$/, 'expected hsNN.kep.tr')

export const portNumber = z.number().int().min(1).max(65_535)
export const ipAddress = z.string().refine((text) => isIP(text) !== 0, 'expected an IP address')
/** An address of this machine that no other reaches. [RFC 1122 §3.2.1.3] [RFC 4291 §2.5.3] */
export const loopback = z
  .string()
  .refine(
    (text) => text === '::1' || (isIP(text) === 4 && text.startsWith('127.')),
    'expected a loopback address',
  )
/** A name of the DNS, as it stands in EHLO and in certificates. [RFC 1123 §2.1] */
export const hostName = z
  .string()
  .max(253)
  .regex(
    /^(?=.*[a-z-])[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?(?:\.[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?)*$/i,
    'expected a host name',
  )
/** In lower case, as URLs have it; an IPv6 address without brackets. */
export const hostOrAddress = z.union([hostName, ipAddress]).transform((text) => text.toLowerCase())
/** A selector may be digits alone. [RFC 6376 §3.1] */
export const dkimSelector = z
  .string()
  .max(63)
  .regex(/^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/i, 'expected letters and digits')
/** An address, or a network as `192.0.2.0/24` or `2001:db8::/32`. */
export const network = z
  .string()
  .refine((text) => networkOf(text) !== undefined, 'expected ADDRESS or ADDRESS/BITS')

export interface Network {
  readonly address: string
  readonly bits: number
  readonly family: 'ipv4' | 'ipv6'
}

export function networkOf(text: string): Network | undefined {
  const slash = text.indexOf('/')
  const address = slash < 0 ? text : text.slice(0, slash)
  const version = isIP(address)
  if (version === 0) return undefined
  const most = version === 4 ? 32 : 128
  const written = slash < 0 ? String(most) : text.slice(slash + 1)
  const bits = Number(written)
  if (!/^[0-9]{1,3}$/.test(written) || bits > most) return undefined
  return { address, bits, family: version === 4 ? 'ipv4' : 'ipv6' }
}

/** All of these networks; undefined where there are none. */
export function blockListOf(networks: readonly string[]): BlockList | undefined {
  if (networks.length === 0) return undefined
  const list = new BlockList()
  for (const text of networks) {
    const found = networkOf(text)
    if (found !== undefined) list.addSubnet(found.address, found.bits, found.family)
  }
  return list
}

/** A private key and its certificate, PEM. The certificate file may hold the chain after the certificate. */
export const keyPair = z.strictObject({ key: file, certificate: file })

/** This machine; the host as URL normalises it: IPv4 in four numbers, IPv6 short, in brackets or without. */
export const isLoopbackHost = (host: string): boolean =>
  /^(?:localhost\.?|.*\.localhost\.?|127(?:\.\d+){3}|0\.0\.0\.0|\[::1?\]|::1|\[::ffff:7f[0-9a-f]{2}:[0-9a-f]{1,4}\])$/.test(
    host,
  )
