import { setImmediate as turn } from 'node:timers/promises'
import { composeLongTerm, type LongTermMaterial } from '../../evidence/index.ts'
import type { ChainEntry, Store } from '../../storage/port.ts'
import { type KeptOctets, MaterialArchive } from './material.ts'
import { validationIn, validationOf } from './validation-data.ts'

/**
 * Copies of archived evidence with what it is judged by inside (B-LT). The archive's octets never change: the data stands in a
 * record of its own, and meets the evidence only in the copy (I4).
 */
export class LongTermCopies {
  readonly #store: Store
  readonly #materials: MaterialArchive
  /** Of the last record that was read: neighbours rest on the same. */
  #last: { readonly sequence: number; readonly material: LongTermMaterial } | undefined

  constructor(store: Store) {
    this.#store = store
    this.#materials = new MaterialArchive(store)
  }

  /** undefined where there is no validation data yet. Rejects with LongTermError. */
  async of(entry: ChainEntry): Promise<Uint8Array | undefined> {
    const record = await validationOf(this.#store, entry.seq)
    if (record === undefined) return undefined
    if (this.#last?.sequence !== record.seq)
      this.#last = { sequence: record.seq, material: await this.#read(record) }
    const { material } = this.#last
    await turn()
    return composeLongTerm(entry.bytes, material)
  }

  async #read(record: ChainEntry): Promise<LongTermMaterial> {
    const { certificates, crls, ocsps } = validationIn(record).material
    const read = async (list: readonly KeptOctets[]): Promise<Uint8Array[]> => {
      const all: Uint8Array[] = []
      for (const kept of list) all.push(await this.#materials.read(kept))
      return all
    }
    return { certificates: await read(certificates), crls: await read(crls), ocsps: await read(ocsps) }
  }
}
