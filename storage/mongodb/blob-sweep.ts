import { Chunks } from './chunks.ts'
import { type Collection, SLICE } from './collection.ts'
import type { Database } from './database.ts'
import { letDie } from './dying.ts'
import { number, type Row, text } from './fields.ts'
import type { Keepers } from './keepers.ts'

/** So long a mark stays on a blob that is kept: a keeper that goes right after we looked marked it before. */
export const DAY_MS = 86_400_000

const FIELDS = { size: 1, file: 1, loose: 1, state: 1, sealed: 1 } as const

/** Removes blobs that nobody keeps. Several may sweep at once; each blob is taken through its states by one of them. */
export class BlobSweep {
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

  async sweep(limit: number): Promise<{ blobs: number; octets: number }> {
    const swept = { blobs: 0, octets: 0 }
    for (let after = ''; ; ) {
      const page = await this.#blobs.all(
        { loose: { $gt: 0 }, _id: { $gt: after } },
        { sort: { _id: 1 }, limit: SLICE, fields: FIELDS },
      )
      for (const row of await this.#unkept(page)) {
        if (swept.blobs >= limit) return swept
        if (!(await this.#remove(row))) continue
        swept.blobs++
        swept.octets += number(row, 'size')
      }
      const last = page.at(-1)
      if (last === undefined || page.length < SLICE) return swept
      after = text(last, '_id')
    }
  }

  async #unkept(page: readonly Row[]): Promise<Row[]> {
    const kept = await this.#keepers.kept(page.map((row) => text(row, '_id')))
    for (const row of page)
      if (kept.has(text(row, '_id')) && number(row, 'loose') < Date.now() - DAY_MS)
        await this.#blobs.update(
          { _id: text(row, '_id'), loose: number(row, 'loose') },
          { $unset: { loose: '' } },
        )
    return page.filter((row) => !kept.has(text(row, '_id')))
  }

  async #remove(row: Row): Promise<boolean> {
    const [_id, file] = [text(row, '_id'), text(row, 'file')]
    const isDead =
      text(row, 'state') === 'dead' ||
      (await letDie(this.#database, this.#blobs, { _id, file }, () => this.#keepers.isKept(_id)))
    if (!isDead) return false
    await this.#chunks.remove(file)
    return this.#blobs.remove({ _id, file, state: 'dead' })
  }
}
