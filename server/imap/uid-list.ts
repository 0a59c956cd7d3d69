/** The UIDs that a session knows, ascending: position + 1 is the sequence number. [RFC 9051 §2.3.1] */
export class UidList {
  #items: Uint32Array
  #length: number

  constructor(uids: Uint32Array) {
    this.#items = uids
    this.#length = uids.length
  }

  get length(): number {
    return this.#length
  }

  /** The UID at a position; 0 where there is none. */
  at(position: number): number {
    return position < this.#length ? (this.#items[position] ?? 0) : 0
  }

  get last(): number {
    return this.#length === 0 ? 0 : this.at(this.#length - 1)
  }

  /** The first position whose UID is at least this one. */
  lowerBound(uid: number): number {
    let low = 0
    let high = this.#length
    while (low < high) {
      const middle = (low + high) >>> 1
      if ((this.#items[middle] ?? 0) < uid) low = middle + 1
      else high = middle
    }
    return low
  }

  /** -1 where it is not known. */
  indexOf(uid: number): number {
    // Where nothing was ever expunged it stands where it was put.
    const guess = uid - this.at(0)
    if (uid !== 0 && guess >= 0 && this.at(guess) === uid) return guess
    const position = this.lowerBound(uid)
    return this.at(position) === uid && uid !== 0 ? position : -1
  }

  /** A view, valid until the next change. */
  slice(from: number, to: number): Uint32Array {
    return this.#items.subarray(from, Math.min(to, this.#length))
  }

  /** Adds UIDs that are ascending and greater than all others. */
  append(uids: readonly number[]): void {
    const needed = this.#length + uids.length
    if (needed > this.#items.length) {
      const grown = new Uint32Array(Math.max(needed, Math.ceil(needed * 1.25)))
      grown.set(this.#items.subarray(0, this.#length))
      this.#items = grown
    }
    this.#items.set(uids, this.#length)
    this.#length = needed
  }

  /** Puts in UIDs that are ascending and not there yet. */
  insert(uids: readonly number[]): void {
    const items = new Uint32Array(this.#length + uids.length)
    let read = 0
    let next = 0
    for (let write = 0; write < items.length; write++) {
      const own = read < this.#length ? (this.#items[read] ?? 0) : Number.POSITIVE_INFINITY
      const other = uids[next] ?? Number.POSITIVE_INFINITY
      items[write] = Math.min(own, other)
      if (own < other) read++
      else next++
    }
    this.#items = items
    this.#length = items.length
  }

  /** Takes out ascending UIDs in one pass; answers the positions that they had, ascending. */
  remove(uids: readonly number[]): number[] {
    const positions = uids.map((uid) => this.indexOf(uid)).filter((position) => position >= 0)
    let write = positions[0] ?? this.#length
    let next = 0
    const items = this.#items.slice(0, this.#length)
    for (let read = write; read < this.#length; read++) {
      if (positions[next] === read) next++
      else items[write++] = this.#items[read] ?? 0
    }
    this.#items = items
    this.#length = write
    return positions
  }
}
