import { lookup, Resolver } from 'node:dns/promises'

export interface MxRecord {
  readonly exchange: string
  readonly priority: number
}

/** What routes ask of the DNS. Empty: there is none; a rejection: nobody knows now. */
export interface NameResolver {
  mx(domain: string): Promise<readonly MxRecord[]>
  /** IPv6 first, as they are to be tried. [RFC 6724 §2.1] */
  addresses(host: string): Promise<readonly string[]>
}

/** One question of DNS, with its repetitions; the whole of connecting must not hang on it. */
const QUERY_MS = 5_000
const TRIES = 2

/** There is such a name without such records, or no such name: an answer, not a failure. [RFC 2308 §2] */
const NOTHING: ReadonlySet<unknown> = new Set(['ENODATA', 'ENOTFOUND'])

/** For DKIM, SPF and DMARC: records of one type, as the library asks for them. */
export function recordResolver(
  servers: readonly string[] | undefined,
): (name: string, type: string) => Promise<string[] | string[][]> {
  const resolver = new Resolver({ timeout: QUERY_MS, tries: TRIES })
  if (servers !== undefined) resolver.setServers([...servers])
  return async (name, type) => (await resolver.resolve(name, type)) as string[] | string[][]
}

/** By the servers that are named, else by the system (whose hosts file then counts for addresses). */
export function nameResolver(servers: readonly string[] | undefined): NameResolver {
  const resolver = new Resolver({ timeout: QUERY_MS, tries: TRIES })
  if (servers !== undefined) resolver.setServers([...servers])
  const asked = async (host: string): Promise<string[]> => {
    const both = await Promise.allSettled([resolver.resolve6(host), resolver.resolve4(host)])
    const found = both.flatMap((answer) => (answer.status === 'fulfilled' ? answer.value : []))
    const failed = both.find((answer) => answer.status === 'rejected' && !NOTHING.has(codeOf(answer.reason)))
    if (found.length === 0 && failed?.status === 'rejected') throw failed.reason
    return found
  }
  return {
    mx: (domain) => orNothing(resolver.resolveMx(domain)),
    addresses: async (host) =>
      servers === undefined
        ? (await orNothing(lookup(host, { all: true, order: 'ipv6first' }))).map(({ address }) => address)
        : asked(host),
  }
}

async function orNothing<T>(answer: Promise<T[]>): Promise<T[]> {
  try {
    return await answer
  } catch (error) {
    if (NOTHING.has(codeOf(error))) return []
    throw error
  }
}

const codeOf = (error: unknown): unknown =>
  error instanceof Error && 'code' in error ? error.code : undefined
