import { withoutDots } from './turkish-fold.ts'
import { unicodeCasemap } from './unicode-casemap.ts'

/**
 * `turkishCasemap` of a text that comes in pieces, wherever it is cut: what is answered is, joined, the fold of the whole. One
 * character waits for the next piece where that may change it.
 */
export class FoldedPieces {
  /** The first half of a pair. */
  #half = ''
  /** An I, which takes a dot along that follows. */
  #letter = ''

  push(piece: string): string {
    const text = this.#half + piece
    const isCut = isFirstHalf(text.charCodeAt(text.length - 1))
    this.#half = isCut ? text.slice(-1) : ''
    const mapped = this.#letter + unicodeCasemap(isCut ? text.slice(0, -1) : text)
    this.#letter = mapped.endsWith('I') ? 'I' : ''
    return withoutDots(this.#letter === '' ? mapped : mapped.slice(0, -1))
  }

  end(): string {
    const rest = withoutDots(this.#letter + unicodeCasemap(this.#half))
    this.#half = ''
    this.#letter = ''
    return rest
  }
}

const isFirstHalf = (unit: number): boolean => unit >= 0xd800 && unit <= 0xdbff
