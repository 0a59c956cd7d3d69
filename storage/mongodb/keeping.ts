import { corrupt, noSuchBlob } from '../blobs/octets.ts'
import { type BlobRef, type Keeper, type StagedBlob, StoreError } from '../port.ts'
import { Chunks } from './chunks.ts'
import { type Collection, slicesOf } from './collection.ts'
import type { Database } from './database.ts'
import { letDie } from './dying.ts'
import { settled } from './failures.ts'
import { number, type Row, text } from './fields.ts'
import type { Claim, Content, Keepers } from './keepers.ts'
import { Staged } from './staged.ts'

/** How often a blob may be taken away under a writer who names it: each time needs a sweep of its own. */
const TRIES = 8

const STATE = { size: 1, file: 1, sealed: 1, state: 1 } as const

/**
 * Making octets kept. The state of a blob says whether the sweep is at it: `live`, `trash` while it looks for keepers a last
 * time, `dead` when it found none. Whoever puts a keeper down looks at the state after that, so one of the two always sees
 * the other.
 */
export class Keeping {
  readonly #database: Database
  readonly #blobs: Collection
  readonly #chunks: Chunks
  readonly #keepers: Keepers

  constructor(database: Database, keepers: Keepers) {
    this.#database = database
    this.#blobs = database.collection('blobs')
    this.#chunks = new Chunks(database)
    this.#keepers = keepers
  }

  /** Durable, and kept: for certain, or on a claim until the write happened which this one precedes. */
  async bring(staged: StagedBlob, keeper: Keeper, claim: Claim | undefined): Promise<BlobRef> {
    if (!(staged instanceof Staged)) throw new TypeError('a staged blob of another store')
    staged.check()
    await staged.settle(await this.#keep(staged.ref, keeper, claim, staged.isLeft ? undefined : staged))
    return staged.ref
  }

  async keep(ref: BlobRef, keeper: Keeper, claim?: Claim): Promise<void> {
    if (!(await this.#keepers.isKept(ref.hash))) throw noSuchBlob(ref)
    await this.#keep(ref, keeper, claim, undefined)
  }

  /**
   * Many at once, on one claim.
   *
   * @returns hashes of those that nobody keeps any more
   */
  async keepAll(refs: readonly BlobRef[], keeper: Keeper, claim: Claim): Promise<Set<string>> {
    const missing = new Set<string>()
    for (const slice of slicesOf([...new Map(refs.map((ref) => [ref.hash, ref])).values()])) {
      const contents = await this.#contentsOf(slice)
      await this.#keepers.add([...contents.values()], keeper, claim)
      const live = await this.#blobs.named([...contents.keys()], { state: 'live' }, { file: 1 })
      const kept = live.filter((row) => contents.get(text(row, '_id'))?.file === text(row, 'file'))
      const isKept = new Set(kept.map((row) => text(row, '_id')))
      for (const ref of slice.filter(({ hash }) => !isKept.has(hash)))
        if (!(await this.#keepsAlone(ref, keeper, claim))) missing.add(ref.hash)
    }
    return missing
  }

  /** What was not as it should be is looked at by itself. */
  async #keepsAlone(ref: BlobRef, keeper: Keeper, claim: Claim): Promise<boolean> {
    try {
      await this.keep(ref, keeper, claim)
      return true
    } catch (error) {
      if (error instanceof StoreError && error.code === 'NO_SUCH_BLOB') return false
      throw error
    }
  }

  async #contentsOf(refs: readonly BlobRef[]): Promise<Map<string, Content>> {
    const hashes = refs.map(({ hash }) => hash)
    const kept = await this.#keepers.kept(hashes)
    const there = (await this.#blobs.named(hashes, { state: { $ne: 'dead' } }, STATE)).filter((row) =>
      kept.has(text(row, '_id')),
    )
    const sealed = there.filter((row) => row['sealed'] === true)
    const keys = await this.#keepers.keysOf(
      new Map(sealed.map((row) => [text(row, '_id'), text(row, 'file')])),
    )
    return new Map(
      there
        .map((row) => ({ hash: text(row, '_id'), file: text(row, 'file'), key: keys.get(text(row, '_id')) }))
        .filter(({ hash, key }) => key !== undefined || !sealed.some((row) => row['_id'] === hash))
        .map((content) => [content.hash, content]),
    )
  }

  /** @returns the file that holds the octets */
  async #keep(
    ref: BlobRef,
    keeper: Keeper,
    claim: Claim | undefined,
    staged: Staged | undefined,
  ): Promise<string> {
    for (let time = 0; time < TRIES; time++) {
      const content = await this.#contentOf(ref, staged)
      if (content === undefined) continue
      const by = await this.#keepers.add([content], keeper, claim)
      if (await this.#isLive(content)) return content.file
      if (staged === undefined) await this.#keepers.takeBack(ref.hash, keeper, by)
    }
    throw new StoreError('UNAVAILABLE', `the blob ${ref.hash} is changed again and again`)
  }

  /** The octets that a keeper can keep: those that are there, or else those that were staged. */
  async #contentOf(ref: BlobRef, staged: Staged | undefined): Promise<Content | undefined> {
    const there = await this.#blobs.get({ _id: ref.hash }, STATE)
    const brought = staged?.isThere === true ? staged : undefined
    if (there === undefined) {
      if (brought === undefined) throw noSuchBlob(ref)
      return this.#insert(brought)
    }
    if (number(there, 'size') !== ref.size) throw corrupt(ref, `has ${number(there, 'size')} octets`)
    const file = text(there, 'file')
    const content = { hash: ref.hash, file, key: await this.#keyOf(ref.hash, there, staged) }
    if (text(there, 'state') !== 'dead' && (there['sealed'] !== true || content.key !== undefined))
      return content
    if (brought === undefined) throw noSuchBlob(ref)
    if (text(there, 'state') !== 'dead' && !(await this.#giveUp(ref.hash, file))) return undefined
    return this.#replace(ref.hash, file, brought)
  }

  /** Octets that nobody has the key of: perhaps because their keeper is just being put down. */
  #giveUp(hash: string, file: string): Promise<boolean> {
    const isKept = async () => (await this.#keepers.keyOf(hash, file)) !== undefined
    return letDie(this.#database, this.#blobs, { _id: hash, file }, isKept)
  }

  async #keyOf(hash: string, blob: Row, staged: Staged | undefined): Promise<Uint8Array | undefined> {
    if (blob['sealed'] !== true) return undefined
    const file = text(blob, 'file')
    return staged?.content.file === file ? staged.content.key : this.#keepers.keyOf(hash, file)
  }

  async #insert(staged: Staged): Promise<Content | undefined> {
    const document = { _id: staged.ref.hash, ...staged.offer(), state: 'live', loose: Date.now() }
    const isOurs = await settled(
      () => this.#blobs.insert(document),
      async () => ((await this.#blobs.get({ _id: document._id }, STATE)) === undefined ? undefined : false),
    )
    return isOurs ? staged.content : undefined
  }

  /** Octets that nobody can read any more, or that the sweep has begun to remove, make way for the same octets anew. */
  async #replace(hash: string, file: string, staged: Staged): Promise<Content | undefined> {
    await this.#chunks.mayBe(file, hash)
    const offered = staged.offer()
    const unset = { sweep: '', ...('octets' in offered ? {} : { octets: '' }) } as const
    const isReplaced = await this.#blobs.update(
      { _id: hash, file, state: 'dead' },
      { $set: { ...offered, state: 'live', loose: Date.now() }, $unset: unset },
    )
    if (!isReplaced) return undefined
    await this.#chunks.remove(file)
    return staged.content
  }

  /** After the keeper was put down: a sweep that had begun before is stopped here, or has won. */
  async #isLive({ hash, file }: Content): Promise<boolean> {
    const there = await this.#blobs.get({ _id: hash, file }, { state: 1 })
    if (there === undefined) return false
    if (text(there, 'state') === 'live') return true
    return this.#blobs.update(
      { _id: hash, file, state: { $ne: 'dead' } },
      { $set: { state: 'live' }, $unset: { sweep: '' } },
    )
  }
}
