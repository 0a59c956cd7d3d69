import { createHash } from 'node:crypto'
import {
  INDEX,
  MAX_PACK_FILES,
  maxPackFileOctets,
  type Signer,
  SUMS,
  SUMS_SIGNATURE,
  signDetached,
  writeEvidenceRecord,
  writeSums,
} from '../../evidence/index.ts'
import type { SubmissionRecord } from '../../mail/submission-record.ts'
import type { ChainEntry, Store } from '../../storage/port.ts'
import { readRecord } from '../message-records.ts'
import {
  type ChainName,
  EVIDENCE_CHAIN,
  RECHECK_CHAIN,
  SEAL_CHAIN,
  VALIDATION_CHAIN,
} from './chain-archive.ts'
import type { PackSelection } from './desk.ts'
import { leftOutOf } from './left-out.ts'
import { type Material, materialSchema } from './material.ts'
import { README } from './pack-readme.ts'
import { headsObjects, Proofs, type Prover } from './proofs.ts'
import { recheckEntry, recheckIn } from './rechecks.ts'
import type { SealBook } from './seal-book.ts'
import { sealRecordIn } from './seal-record.ts'
import { objectsOf } from './span.ts'
import { materialOfTips, type SealParts } from './stamp-root.ts'
import { coveredBy, validationIn, validationOf } from './validation-data.ts'

/** Where files go; names are `folder/file` at most. */
export interface PackFolder {
  write(name: string, octets: Uint8Array | Iterable<Uint8Array>): Promise<void>
}

/** More than anybody could verify: the export is given up, and what it wrote is no pack. */
export class PackTooLarge extends Error {
  override readonly name = 'PackTooLarge'
}

export interface PackParts extends SealParts {
  readonly store: Pick<Store, 'chain' | 'blobs' | 'intake'>
  readonly signer: () => Signer
  /** Of this provider. */
  readonly domain: string
}

/** What stands of one message in `pack.json`. */
interface PackedMessage {
  readonly intake: string
  readonly messageId: string | undefined
  readonly userMessageId: string | undefined
  readonly evidence: { id: string; sequence: number; outcome: string }[]
}

export interface PackReport {
  readonly files: number
  readonly octets: number
  readonly evidence: number
  readonly messages: number
  /** Records that no seal covers yet: they are signed with the pack alone. */
  readonly unsealed: number
}

/** A text has 2²⁹ characters at most. */
function textOf(index: object): string {
  try {
    return JSON.stringify(index, null, 2)
  } catch (error) {
    if (error instanceof RangeError) throw new PackTooLarge(`${INDEX}: ${error.message}`)
    throw error
  }
}

/** Provers of spans kept at hand: what is exported lies together. */
const MAX_PROVERS = 8

/** Collects entries with everything that proves them, and signs the list of it all. */
export class AuditPack {
  readonly #parts: PackParts
  readonly #folder: PackFolder
  readonly #withRecords: boolean
  readonly #sums = new Map<string, string>()
  readonly #provers = new Map<string, Promise<Prover>>()
  readonly #messages = new Map<string, PackedMessage>()
  readonly #proofs: Proofs
  readonly #book: SealBook
  /** Evidence that the last record of validation data is about. */
  #validated = { from: 0, upTo: -1 }
  /** Records by chain, and the evidence among them. */
  readonly #counts = new Map<ChainName, number>()
  readonly #sequences: number[] = []
  #octets = 0
  #unsealed = 0

  /** @param withRecords what was written down of each message goes along: for who tells its story from now on */
  constructor(parts: PackParts, folder: PackFolder, withRecords = false) {
    this.#withRecords = withRecords
    this.#parts = parts
    this.#folder = folder
    this.#book = parts.book
    this.#proofs = new Proofs(parts.store, parts.book)
  }

  /** An evidence with what stands beside it. */
  async addEvidence(entry: ChainEntry): Promise<void> {
    await this.addEntry(EVIDENCE_CHAIN, entry)
    this.#sequences.push(entry.seq)
    await this.#addValidation(entry.seq)
    if (entry.intake !== undefined) await this.#addMessage(entry.intake, entry)
  }

  /**
   * An entry of any chain: its octets, where it stands, its evidence record and what seals it.
   *
   * @param proof `none`: a seal that is here for what it tells of others; proving it too would bring all seals since
   */
  async addEntry(chain: ChainName, entry: ChainEntry, proof: 'record' | 'none' = 'record'): Promise<void> {
    const stem = `${chain}/${String(entry.seq).padStart(8, '0')}`
    const name = `${stem}.${chain === EVIDENCE_CHAIN ? 'xml' : 'json'}`
    const [octets, position] = objectsOf(chain, entry)
    if (!this.#sums.has(name)) {
      await this.#write(name, octets)
      await this.#write(`${stem}.position.txt`, position)
      this.#counts.set(chain, (this.#counts.get(chain) ?? 0) + 1)
      await this.#addNamedIn(chain, entry)
    }
    if (proof === 'none' || this.#sums.has(`${stem}.ers`)) return
    const sealed = this.#book.sealOf(chain, entry.seq)
    if (sealed === undefined) {
      // The last seal is covered by none yet, and needs none: it is signed and stamped itself.
      if (chain !== SEAL_CHAIN) this.#unsealed++
      return
    }
    const prove = await this.#prover(sealed.seal, { span: sealed.span })
    const chains = prove([octets, position], entry.seq - sealed.from)
    await this.#write(`${stem}.ers`, writeEvidenceRecord({ chains }))
    await this.#addSeal(sealed.seal)
  }

  async #addNamedIn(chain: ChainName, entry: ChainEntry): Promise<void> {
    if (chain === VALIDATION_CHAIN) await this.#addMaterial(validationIn(entry).material)
    if (chain === SEAL_CHAIN) await this.#addMaterial(sealRecordIn(entry).material)
    if (chain === RECHECK_CHAIN) {
      const { material } = JSON.parse(recheckIn(entry).statement)
      await this.#addMaterial(materialSchema.parse(material))
    }
  }

  /** README, index, list of files and its signature; after it nothing is added. */
  async finish(selection: PackSelection): Promise<PackReport> {
    const { clock, timestamper, domain } = this.#parts
    const signer = this.#parts.signer()
    // What proves the last tokens until the next seal tells more.
    await this.#addMaterial(await materialOfTips(this.#parts))
    const made = clock.now()
    await this.#write('README.txt', Buffer.from(README))
    const isOfTime = selection.kind === 'evidence' && selection.party === undefined
    const index = {
      format: 'openkep audit pack 1',
      provider: domain,
      made: made.toISOString(),
      selection,
      records: Object.fromEntries(this.#counts),
      ...(isOfTime ? { leftOut: await leftOutOf(this.#parts.store, selection, this.#sequences) } : {}),
      messages: [...this.#messages.values()],
    }
    await this.#write(INDEX, Buffer.from(`${textOf(index)}\n`))
    await this.#folder.write(SUMS, writeSums(this.#sums))
    const hash = createHash(signer.hash)
    for (const piece of writeSums(this.#sums)) hash.update(piece)
    await this.#folder.write(
      SUMS_SIGNATURE,
      await signDetached({ digest: hash.digest(), signer, signingTime: made, timestamper }),
    )
    return {
      files: this.#sums.size + 2,
      octets: this.#octets,
      evidence: this.#sequences.length,
      messages: this.#messages.size,
      unsealed: this.#unsealed,
    }
  }

  /** One record is about many that lie together. */
  async #addValidation(sequence: number): Promise<void> {
    if (sequence >= this.#validated.from && sequence <= this.#validated.upTo) return
    const record = await validationOf(this.#parts.store, sequence)
    if (record === undefined) return
    await this.addEntry(VALIDATION_CHAIN, record)
    this.#validated = coveredBy(record)
  }

  async #addMessage(intake: string, entry: ChainEntry): Promise<void> {
    const { store } = this.#parts
    const { outcome = '' }: { outcome?: string } = JSON.parse(entry.meta)
    const evidence = { id: entry.eventId, sequence: entry.seq, outcome }
    const known = this.#messages.get(intake)
    if (known !== undefined) return void known.evidence.push(evidence)
    const row = await store.intake(intake)
    const record = row && (await readRecord(store, row))
    if (row !== undefined && this.#withRecords)
      await this.#write(`records/${intake}.json`, await store.blobs.read(row.envelope))
    const { messageId, userMessageId } = record ?? {}
    this.#messages.set(intake, { intake, messageId, userMessageId, evidence: [evidence] })
    if (record?.origin !== 'relay' && record?.signature !== undefined && outcome === 'submission-acceptance')
      await this.#addSigners(intake, record.signature)
    const recheck = await recheckEntry(store, intake)
    if (recheck !== undefined) await this.addEntry(RECHECK_CHAIN, recheck)
  }

  /** By what the user's signature was judged at the acceptance, which names this list by its digest. */
  async #addSigners(intake: string, signature: NonNullable<SubmissionRecord['signature']>): Promise<void> {
    const ref = { hash: signature.material, size: signature.materialSize }
    const octets = await this.#parts.store.blobs.read(ref)
    await this.#write(`signers/${intake}.json`, octets)
    await this.#addMaterial(materialSchema.parse(JSON.parse(Buffer.from(octets).toString())))
  }

  /** The seal, those that renew it, and the one after it, which tells how its authority stood. */
  async #addSeal(seal: number): Promise<void> {
    const stem = `heads/${String(seal).padStart(8, '0')}`
    if (this.#sums.has(`${stem}.txt`)) return
    const record = await this.#book.record(seal)
    if (record.kind === 'seal') {
      const [heads, signature] = headsObjects(record)
      await this.#write(`${stem}.txt`, heads!)
      await this.#write(`${stem}.p7s`, signature!)
      const prove = await this.#prover(seal, 'heads')
      await this.#write(`${stem}.ers`, writeEvidenceRecord({ chains: prove([heads!, signature!], 0) }))
    }
    const proving = [...this.#book.lineage(seal)].map(({ sequence }) => sequence)
    for (const sequence of new Set([...proving, ...proving.map((one) => one + 1)])) {
      const [entry] = await this.#parts.store.chain.read(SEAL_CHAIN, sequence, 1)
      if (entry?.seq === sequence) await this.addEntry(SEAL_CHAIN, entry, 'none')
    }
  }

  async #addMaterial({ certificates, crls, ocsps }: Material): Promise<void> {
    for (const [all, ending] of [
      [certificates, 'cer'],
      [crls, 'crl'],
      [ocsps, 'ocsp'],
    ] as const)
      for (const kept of all) {
        const name = `material/${kept.sha256}.${ending}`
        if (!this.#sums.has(name)) await this.#write(name, await this.#parts.materials.read(kept))
      }
  }

  #prover(seal: number, part: Parameters<Proofs['prover']>[1]): Promise<Prover> {
    const key = `${seal}/${part === 'heads' ? part : part.span}`
    const prover = this.#provers.get(key) ?? this.#proofs.prover(seal, part)
    this.#provers.delete(key)
    this.#provers.set(key, prover)
    const oldest = this.#provers.keys().next().value
    if (this.#provers.size > MAX_PROVERS && oldest !== undefined) this.#provers.delete(oldest)
    return prover
  }

  async #write(name: string, octets: Uint8Array): Promise<void> {
    if (this.#sums.size >= MAX_PACK_FILES) throw new PackTooLarge(`more than ${MAX_PACK_FILES} files`)
    if (octets.length > maxPackFileOctets(name)) throw new PackTooLarge(`${name}: ${octets.length} octets`)
    this.#sums.set(name, createHash('sha512').update(octets).digest('hex'))
    this.#octets += octets.length
    await this.#folder.write(name, octets)
  }
}
