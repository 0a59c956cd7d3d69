import { isIP } from 'node:net'
import type { Peer } from '../peer.ts'
import type { NameResolver } from './resolver.ts'

/** One place where a peer may be reached. */
export interface Target {
  /** As it is named; its certificate may carry this name where {@link named} says so. */
  readonly host: string
  readonly address: string
  readonly port: number
  readonly implicitTls: boolean
  /** The name was configured; what DNS alone says proves nothing, also where it lies under the peer's domain. */
  readonly named: boolean
}

/** `not-identified`: nobody is there to be found, now or later; `unreachable`: nobody knows where just now. */
export type RouteFailure = 'not-identified' | 'unreachable'

export class RouteError extends Error {
  readonly code: RouteFailure
  constructor(code: RouteFailure, message: string, options?: ErrorOptions) {
    super(message, options)
    this.name = 'RouteError'
    this.code = code
  }
}

const SMTP_PORT = 25
/** Places that one attempt tries; more would only make it long. */
const MAX_TARGETS = 8

/**
 * Where to connect, in the order in which to try: the fixed host, or the MX of the domain by preference, equal ones at
 * random; without an MX the domain itself [RFC 5321 §5.1]; a null MX wants no mail [RFC 7505 §3]. Rejects with
 * RouteError.
 */
export async function targetsOf(
  peer: Pick<Peer, 'provider' | 'route' | 'family' | 'sourceAddress'>,
  resolver: NameResolver,
  random: () => number,
): Promise<Target[]> {
  const { route, provider } = peer
  const hosts =
    route.kind === 'host'
      ? [{ host: route.host, port: route.port, implicitTls: route.implicitTls, named: true }]
      : (await exchangers(provider, resolver, random)).map((host) => ({
          host,
          port: SMTP_PORT,
          implicitTls: false,
          named: false,
        }))
  const family = familyOf(peer)
  const targets: Target[] = []
  let unknown: unknown
  for (const host of hosts) {
    const found = await addressesOf(host.host, resolver).catch((error: unknown) => {
      unknown = error
      return []
    })
    for (const address of found)
      if (family === undefined || isIP(address) === family) targets.push({ ...host, address })
    if (targets.length >= MAX_TARGETS) break
  }
  if (targets.length > 0) return targets.slice(0, MAX_TARGETS)
  if (unknown !== undefined) throw unanswered(provider, unknown)
  const names = hosts.map(({ host }) => host).join(', ')
  throw new RouteError('not-identified', `no address${family ? ` of IPv${family}` : ''} for ${names}`)
}

/** What binds us to an address of ours binds us to its version too. */
const familyOf = ({ family, sourceAddress }: Pick<Peer, 'family' | 'sourceAddress'>): number | undefined =>
  family ?? (sourceAddress === undefined ? undefined : isIP(sourceAddress))

async function exchangers(provider: string, resolver: NameResolver, random: () => number): Promise<string[]> {
  const records = await resolver.mx(provider).catch((error: unknown) => {
    throw unanswered(provider, error)
  })
  if (records.length === 0) return [provider]
  const named = records.map(({ exchange, priority }) => ({
    host: exchange.replace(/\.$/, '').toLowerCase(),
    priority,
    tie: random(),
  }))
  if (named.every(({ host }) => host === ''))
    throw new RouteError('not-identified', `${provider} takes no mail (null MX)`)
  return named
    .filter(({ host }) => host !== '')
    .sort((a, b) => a.priority - b.priority || a.tie - b.tie)
    .map(({ host }) => host)
}

const addressesOf = async (host: string, resolver: NameResolver): Promise<readonly string[]> =>
  isIP(host) === 0 ? resolver.addresses(host) : [host]

const unanswered = (provider: string, cause: unknown): RouteError =>
  new RouteError(
    'unreachable',
    `DNS does not answer for ${provider}: ${cause instanceof Error ? cause.message : ''}`,
    {
      cause,
    },
  )
