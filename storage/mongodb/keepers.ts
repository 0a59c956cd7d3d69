import type { StoreKeys } from '../encryption/store-key.ts'
import type { Keeper } from '../port.ts'
import { type Collection, slicesOf, type Update, type Where } from './collection.ts'
import type { Database } from './database.ts'
import { bytes, optionalText, type Row, text } from './fields.ts'

/** The write for which a keeper is put down before it: until that happened, the keeper is a claim only. */
export interface Claim {
  /** `intake/…`, `mailbox/…` or `segment/…`. */
  readonly by: string
  /** Of the change for which a mailbox keeps it. */
  readonly modseq?: number
}

/** Octets of a blob as they are stored now, and the key that opens them. */
export interface Content {
  readonly hash: string
  readonly file: string
  /** undefined where they are not sealed. */
  readonly key: Uint8Array | undefined
}

const idOf = (hash: string, keeper: Keeper) => `${hash}\0${keeper}`

/**
 * Who keeps which blob. A keeper is there before the write that needs it, so that no promise names what may be swept; what
 * is left of a writer that died in between is a claim, and a claim that is a day old is looked into.
 */
export class Keepers {
  readonly #database: Database
  readonly #keepers: Collection
  readonly #blobs: Collection
  readonly #keys: StoreKeys | undefined

  constructor(database: Database, keys: StoreKeys | undefined) {
    this.#database = database
    this.#keepers = database.collection('keepers')
    this.#blobs = database.collection('blobs')
    this.#keys = keys
  }

  async isKept(hash: string): Promise<boolean> {
    return (await this.#keepers.get({ hash }, { _id: 1 })) !== undefined
  }

  /** Those of the hashes that somebody keeps. */
  async kept(hashes: readonly string[]): Promise<Set<string>> {
    const kept = new Set<string>()
    for (const slice of slicesOf(hashes))
      for (const row of await this.#keepers.all({ hash: { $in: slice } }, { fields: { hash: 1 } }))
        kept.add(text(row, 'hash'))
    return kept
  }

  /** From the wrapping of any keeper; undefined where none is left for these octets: they are unreadable for ever. */
  async keyOf(hash: string, file: string): Promise<Uint8Array | undefined> {
    const row = await this.#keepers.get({ hash, file })
    return row && this.#keys?.unwrap(bytes(row, 'key'), `${hash} ${text(row, 'keeper')}`)
  }

  /**
   * Puts a keeper down, or its key anew where the octets were stored anew. Where it is there for certain it stays so;
   * where it is a claim, ours is added.
   *
   * @returns by which it can be taken back
   */
  async add(contents: readonly Content[], keeper: Keeper, claim: Claim | undefined): Promise<string> {
    const by = this.#database.nonce()
    const claimedAt = Date.now()
    const claimed = claim === undefined ? {} : { claims: [claim.by], claimedAt, modseq: claim.modseq }
    const puts = contents.map((content) => this.#put(content, keeper, by))
    const isNew = await this.#keepers.insertAll(
      puts.map(({ at, kept }) => ({ ...at, ...kept, keeper, ...claimed })),
    )
    if (isNew === puts.length) return by
    const newest = claim?.modseq === undefined ? {} : { $max: { modseq: claim.modseq } }
    const change = (where: Where, update: Update) =>
      this.#keepers.bulk(
        puts.map(({ at, kept }) => ({
          updateOne: {
            filter: { ...at, ...where },
            update: { ...update, ...newest, $set: { ...kept, ...update.$set } },
          },
        })),
      )
    if (claim === undefined) await change({}, { $unset: { claims: '', claimedAt: '' } })
    else {
      const add: Update = { $set: { claimedAt }, $addToSet: { claims: claim.by } }
      await change({ claimedAt: { $exists: true } }, add)
      // A claim may have become certain in between, never the other way.
      await change({ claimedAt: { $exists: false } }, {})
    }
    return by
  }

  #put({ hash, file, key }: Content, keeper: Keeper, by: string) {
    const wrapped = key === undefined ? {} : { key: this.#keys?.wrap(key, `${hash} ${keeper}`) }
    const kept = { by, file: key === undefined ? null : file, ...wrapped }
    return { at: { _id: idOf(hash, keeper), hash }, kept }
  }

  /** One key a hash, of whatever keeper. */
  async keysOf(files: ReadonlyMap<string, string>): Promise<Map<string, Uint8Array>> {
    const keys = new Map<string, Uint8Array>()
    for (const slice of slicesOf([...files.keys()]))
      for (const row of await this.#keepers.all({ hash: { $in: slice } })) {
        const hash = text(row, 'hash')
        if (keys.has(hash) || this.#keys === undefined || optionalText(row, 'file') !== files.get(hash))
          continue
        keys.set(hash, this.#keys.unwrap(bytes(row, 'key'), `${hash} ${text(row, 'keeper')}`))
      }
    return keys
  }

  /** What was put down just now, if nobody put it down again since. */
  async takeBack(hash: string, keeper: Keeper, by: string): Promise<void> {
    await this.#keepers.remove({ _id: idOf(hash, keeper), hash, by })
  }

  release(keeper: Keeper): Promise<void> {
    return this.#letGo({ keeper })
  }

  /** Of bodies of which a mailbox has no message any more, as of this change: a keeper for a later one stays. */
  releaseOf(keeper: Keeper, hashes: readonly string[], modseq: number): Promise<void> {
    return this.#letGo({ keeper, hash: { $in: [...hashes] }, modseq: { $not: { $gt: modseq } } })
  }

  /** By what is seen now, so that a command that comes late takes nothing that was put down since. */
  async #letGo(where: Where): Promise<void> {
    const seen = await this.#keepers.all(where, { fields: { hash: 1, by: 1 } })
    for (const slice of slicesOf(seen)) await this.remove(slice)
  }

  async remove(seen: readonly Row[]): Promise<void> {
    if (seen.length === 0) return
    await this.loosen(seen.map((row) => text(row, 'hash')))
    await this.#keepers.removeAll({
      $or: seen.map((row) => ({
        _id: text(row, '_id'),
        hash: text(row, 'hash'),
        by: optionalText(row, 'by'),
      })),
    })
  }

  /** Before a keeper goes: what may be kept by nobody is looked for by the sweep. */
  async loosen(hashes: readonly string[]): Promise<void> {
    for (const slice of slicesOf([...new Set(hashes)]))
      await this.#blobs.updateAll({ _id: { $in: slice } }, { $set: { loose: Date.now() } })
  }
}
