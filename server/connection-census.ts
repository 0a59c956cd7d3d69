/** Counts connections so that no client, network or account can take them all. Shared by every listener. */
export interface CensusLimits {
  readonly connections: number
  readonly connectionsPerIp: number
  readonly connectionsPerAccount: number
}

/** One admitted connection. */
export interface Admission {
  /** Counts it for the account too; false where the account has too many. */
  bind(account: string): boolean
  /** Safe to call twice. */
  leave(): void
}

export class ConnectionCensus {
  readonly #limits: CensusLimits
  readonly #perIp = new Map<string, number>()
  readonly #perAccount = new Map<string, number>()
  #all = 0

  constructor(limits: CensusLimits) {
    this.#limits = limits
  }

  get size(): number {
    return this.#all
  }

  /** undefined where a limit is reached: greet with a refusal and close. */
  admit(ip: string): Admission | undefined {
    const network = sourceNetwork(ip)
    if (this.#all >= this.#limits.connections) return undefined
    if ((this.#perIp.get(network) ?? 0) >= this.#limits.connectionsPerIp) return undefined
    this.#all++
    count(this.#perIp, network, 1)
    let account: string | undefined
    let left = false
    return {
      bind: (name) => {
        if (account !== undefined || left) return account === name
        if ((this.#perAccount.get(name) ?? 0) >= this.#limits.connectionsPerAccount) return false
        account = name
        count(this.#perAccount, name, 1)
        return true
      },
      leave: () => {
        if (left) return
        left = true
        this.#all--
        count(this.#perIp, network, -1)
        if (account !== undefined) count(this.#perAccount, account, -1)
      },
    }
  }
}

/** An IPv6 host owns its /64, so that is what counts as one source; IPv4 written as IPv6 is IPv4. [RFC 4291 §2.5.4] */
export function sourceNetwork(ip: string): string {
  const plain = plainIp(ip)
  if (!plain.includes(':')) return plain
  const [head = '', tail] = plain.split('%')[0]!.split('::')
  const left = head === '' ? [] : head.split(':')
  const right = tail === undefined || tail === '' ? [] : tail.split(':')
  const zeros = tail === undefined ? 0 : 8 - left.length - right.length
  const groups = [...left, ...Array<string>(Math.max(0, zeros)).fill('0'), ...right]
  return `${groups
    .slice(0, 4)
    .map((group) => Number.parseInt(group, 16).toString(16))
    .join(':')}::/64`
}

/** `::ffff:192.0.2.1` is 192.0.2.1. [RFC 4291 §2.5.5.2] */
export const plainIp = (ip: string): string => (/^::ffff:\d+\.\d+\.\d+\.\d+$/i.test(ip) ? ip.slice(7) : ip)

function count(map: Map<string, number>, key: string, by: 1 | -1): void {
  const now = (map.get(key) ?? 0) + by
  if (now > 0) map.set(key, now)
  else map.delete(key)
}
