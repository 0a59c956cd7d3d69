import { createHash } from 'node:crypto'
import { z } from 'zod'
import type { Certificate, PathResult } from '../../evidence/index.ts'
import type { StagedBlob, Store } from '../../storage/port.ts'
import { stageBytes } from '../stage-bytes.ts'

/** Octets that the archive keeps, by two digests: should one algorithm fail, the other still names them. */
export interface KeptOctets {
  /** Lower-case hex. */
  readonly sha256: string
  readonly sha512: string
  readonly size: number
}

/** What certificates are judged by, long after those who issued it are gone. */
export interface Material {
  readonly certificates: readonly KeptOctets[]
  readonly crls: readonly KeptOctets[]
  readonly ocsps: readonly KeptOctets[]
}

export interface JudgedPath {
  readonly certificate: Certificate
  readonly path: PathResult
}

/** Of one kind: a path of eight for each of some signers, and their lists. */
const MAX_NAMED = 1_000
const several = z
  .array(z.object({ sha256: z.string(), sha512: z.string(), size: z.number() }))
  .max(MAX_NAMED)
  .readonly()
export const materialSchema = z.object({ certificates: several, crls: several, ocsps: several })

const MAX_REMEMBERED = 10_000

/** Each octet string is a blob of its own, kept once however many name it. */
export class MaterialArchive {
  readonly #store: Store
  /** What is known to be kept, by SHA-256; revocation lists repeat with every message. */
  readonly #kept = new Map<string, KeptOctets>()

  constructor(store: Store) {
    this.#store = store
  }

  /**
   * Stages the list of what a court needs to judge the user's signature again: certificates, revocation lists, OCSP responses
   * and our report. What it names is durable already. Its hash is what evidence quotes.
   */
  async stage(judged: readonly JudgedPath[], report: object): Promise<StagedBlob> {
    return stageBytes(this.#store, Buffer.from(JSON.stringify({ ...(await this.keep(judged)), report })))
  }

  /** Durable when it resolves. */
  async keep(judged: readonly JudgedPath[]): Promise<Material> {
    const certificates = judged.flatMap(({ certificate, path }) => (path.ok ? path.path : [certificate]))
    return {
      certificates: await this.#all(certificates.map(({ der }) => der)),
      crls: await this.#all(judged.flatMap(({ path }) => path.usedCrls ?? [])),
      ocsps: await this.#all(judged.flatMap(({ path }) => path.usedOcsps ?? [])),
    }
  }

  /** Octet by octet what was kept. */
  read({ sha256, size }: KeptOctets): Promise<Uint8Array> {
    return this.#store.blobs.read({ hash: sha256, size })
  }

  async #all(all: readonly Uint8Array[]): Promise<KeptOctets[]> {
    const kept = new Map<string, KeptOctets>()
    for (const octets of all) {
      const one = await this.#one(octets)
      kept.set(one.sha256, one)
    }
    return [...kept.values()]
  }

  /** Known octets are not written again: CRLs have megabytes and come with every message. */
  async #one(octets: Uint8Array): Promise<KeptOctets> {
    const sha256 = createHash('sha256').update(octets).digest('hex')
    const known = this.#kept.get(sha256)
    if (known !== undefined) return known
    const sha512 = createHash('sha512').update(octets).digest('hex')
    await this.#store.blobs.save(await stageBytes(this.#store, octets), 'archive')
    const kept = { sha256, sha512, size: octets.length }
    this.#kept.set(sha256, kept)
    const oldest = this.#kept.keys().next().value
    if (this.#kept.size > MAX_REMEMBERED && oldest !== undefined) this.#kept.delete(oldest)
    return kept
  }
}
