import { generateKey, type Issuer, issueCertificate, issueCrl, validatePath } from '../../evidence/index.ts'

const ENTRIES = 50_000
const TURNS = 9
/** Of one list that was not seen before: read, its signature checked, one certificate looked for. */
const BOUND_MS = 150
const BOUND_MIB = 20
const DAY_MS = 24 * 3_600_000

export interface StatusFigures {
  readonly entries: number
  readonly octets: number
  /** The median, and the most that one turn left on the heap before it was collected. */
  readonly listMs: number
  readonly listMiB: number
  /** The same list once it is known. */
  readonly knownListMs: number
  readonly bound: { readonly ms: number; readonly MiB: number }
}

/** What a large revocation list costs a judgement. */
export function measureStatus(): StatusFigures {
  const now = Date.now()
  const [notBefore, notAfter] = [new Date(now - DAY_MS), new Date(now + 30 * DAY_MS)]
  const times = { notBefore, notAfter }
  const { privateKey, publicKey } = generateKey('rsa-2048')
  const root = issueCertificate({
    subject: { commonName: 'Bench' },
    publicKey,
    profile: { kind: 'root' },
    issuer: { self: privateKey },
    ...times,
  })
  const issuer: Issuer = { certificate: root, key: privateKey }
  const user = generateKey('p-256')
  const leaf = issueCertificate({
    subject: { commonName: 'Bench user' },
    publicKey: user.publicKey,
    profile: { kind: 'qualified' },
    issuer,
    ...times,
  })
  const list = issueCrl({
    issuer,
    number: 1,
    thisUpdate: notBefore,
    nextUpdate: notAfter,
    revoked: Array.from({ length: ENTRIES }, (_, index) => ({
      serial: Uint8Array.of(1, index >> 16, (index >> 8) & 255, index & 255, 1, 2, 3, 4, 5, 6, 7, 8),
      date: notBefore,
    })),
  })
  const judge = (crl: Uint8Array): { ms: number; octets: number } => {
    const heap = process.memoryUsage().heapUsed
    const began = performance.now()
    const result = validatePath(leaf, {
      anchors: [root],
      intermediates: [],
      crls: [crl],
      at: new Date(now),
      revocation: 'require',
    })
    const ms = performance.now() - began
    if (!result.ok) throw new Error(result.detail)
    return { ms, octets: process.memoryUsage().heapUsed - heap }
  }
  const turns = Array.from({ length: TURNS }, () => judge(Uint8Array.from(list)))
  judge(list)
  const known = Array.from({ length: TURNS }, () => judge(list))
  return {
    entries: ENTRIES,
    octets: list.length,
    listMs: median(turns.map(({ ms }) => ms)),
    listMiB: Math.max(...turns.map(({ octets }) => octets)) / 2 ** 20,
    knownListMs: median(known.map(({ ms }) => ms)),
    bound: { ms: BOUND_MS, MiB: BOUND_MIB },
  }
}

const median = (values: readonly number[]): number => values.toSorted((a, b) => a - b)[values.length >> 1]!
