import { createHash } from 'node:crypto'
import type { SignerTrust } from '../../plugins/message.ts'
import type { BlobRef, StagedBlob, Store } from '../../storage/port.ts'
import { stageBytes } from '../stage-bytes.ts'

/**
 * What a court needs to judge the user's signature again: certificates, revocation lists, OCSP responses and our report. Each octet
 * string is a blob of its own, kept once however many messages name it; the list of them is one more.
 */
export class MaterialArchive {
  readonly #store: Store
  /** Hashes that are known to be kept; CRLs repeat with every message. */
  readonly #kept = new Map<string, true>()

  constructor(store: Store) {
    this.#store = store
  }

  /** Stages the list; what it names is durable already. Its hash is what evidence quotes. */
  async stage(trust: readonly SignerTrust[], report: object): Promise<StagedBlob> {
    const certificates: string[] = []
    const crls: string[] = []
    const ocsps: string[] = []
    for (const { certificate, path } of trust) {
      const chain = path.ok ? path.path : [certificate]
      for (const { der } of chain) certificates.push((await this.#keep(der)).hash)
      if (!path.ok) continue
      for (const crl of path.usedCrls) crls.push((await this.#keep(crl)).hash)
      for (const ocsp of path.usedOcsps) ocsps.push((await this.#keep(ocsp)).hash)
    }
    return stageBytes(this.#store, Buffer.from(JSON.stringify({ certificates, crls, ocsps, report })))
  }

  /** Known octets are not written again: CRLs have megabytes and come with every message. */
  async #keep(octets: Uint8Array): Promise<BlobRef> {
    const hash = createHash('sha256').update(octets).digest('hex')
    if (this.#kept.has(hash)) return { hash, size: octets.length }
    const ref = await this.#store.blobs.save(await stageBytes(this.#store, octets), 'archive')
    this.#kept.set(ref.hash, true)
    const oldest = this.#kept.keys().next().value
    if (this.#kept.size > MAX_REMEMBERED && oldest !== undefined) this.#kept.delete(oldest)
    return ref
  }
}

const MAX_REMEMBERED = 10_000
