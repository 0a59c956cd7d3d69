/** Keys in order, each with the document that has it; insertion and removal cost no more than moving a few hundred. */
export interface Entry {
  readonly key: string
  /** Sort key of the document's `_id`. */
  readonly id: string
}

const FULL = 512

const isBefore = (a: Entry, b: Entry): boolean => a.key < b.key || (a.key === b.key && a.id < b.id)

export class OrderedEntries {
  /** Never one that is empty; each is in order, and all are. */
  readonly #pieces: Entry[][] = []

  add(entry: Entry): void {
    const at = Math.min(this.#pieceFor(entry), this.#pieces.length - 1)
    const piece = this.#pieces[at]
    if (piece === undefined) {
      this.#pieces.push([entry])
      return
    }
    piece.splice(firstFrom(piece, entry), 0, entry)
    if (piece.length > FULL) this.#pieces.splice(at + 1, 0, piece.splice(FULL / 2))
  }

  remove(entry: Entry): void {
    const at = this.#pieceFor(entry)
    const piece = this.#pieces[at]
    if (piece === undefined) return
    const index = firstFrom(piece, entry)
    const found = piece[index]
    if (found === undefined || found.key !== entry.key || found.id !== entry.id) return
    piece.splice(index, 1)
    if (piece.length === 0) this.#pieces.splice(at, 1)
  }

  /** Keys from `low` up to below `high`. */
  *between(low: string, high: string): Generator<Entry> {
    const start = { key: low, id: '' }
    for (let at = this.#pieceFor(start); at < this.#pieces.length; at++) {
      const piece = this.#pieces[at] ?? []
      for (let index = firstFrom(piece, start); index < piece.length; index++) {
        const entry = piece[index]
        if (entry === undefined || entry.key >= high) return
        yield entry
      }
    }
  }

  /** The same, from the end. */
  *downwards(low: string, high: string): Generator<Entry> {
    const end = { key: high, id: '' }
    for (let at = Math.min(this.#pieceFor(end), this.#pieces.length - 1); at >= 0; at--) {
      const piece = this.#pieces[at] ?? []
      for (let index = firstFrom(piece, end) - 1; index >= 0; index--) {
        const entry = piece[index]
        if (entry === undefined || entry.key < low) return
        yield entry
      }
    }
  }

  /** The first piece whose last entry is not before this one. */
  #pieceFor(entry: Entry): number {
    let low = 0
    let high = this.#pieces.length
    while (low < high) {
      const middle = (low + high) >>> 1
      const last = this.#pieces[middle]?.at(-1)
      if (last !== undefined && isBefore(last, entry)) low = middle + 1
      else high = middle
    }
    return low
  }
}

/** The index of the first entry that is not before this one. */
function firstFrom(piece: readonly Entry[], entry: Entry): number {
  let low = 0
  let high = piece.length
  while (low < high) {
    const middle = (low + high) >>> 1
    const other = piece[middle]
    if (other !== undefined && isBefore(other, entry)) low = middle + 1
    else high = middle
  }
  return low
}
