import { isAscii } from 'node:buffer'
import { LineScanner } from './line-scan.ts'

/** What is to be known of a message's octets as such, before anyone believes its structure. */
export interface WireFacts {
  /** A CR that no LF follows. */
  bareCr: boolean
  /** An LF that no CR precedes. */
  bareLf: boolean
  nul: boolean
  /** An octet over 127 anywhere. */
  eightBit: boolean
  /** An octet over 127 in the outermost header. */
  eightBitHeader: boolean
  /** Octets of the longest line, without its line end. */
  longestLine: number
}

/** Takes the facts while octets pass. [RFC 5321 §2.3.8] [RFC 5322 §2.3] */
export class WireFactScanner {
  readonly facts: WireFacts = {
    bareCr: false,
    bareLf: false,
    nul: false,
    eightBit: false,
    eightBitHeader: false,
    longestLine: 0,
  }
  readonly #lines: LineScanner
  #inHeader = true
  /** Offset of the first octet over 127. */
  #firstEightBit = Infinity
  #lastWasCr = false

  constructor() {
    this.#lines = new LineScanner({
      line: (_bytes, from, to, start, end, ending) => {
        if (end - start > this.facts.longestLine) this.facts.longestLine = end - start
        if (ending === 1) this.facts.bareLf = true
        // By offset: of a very long line only the beginning is seen.
        if (this.#inHeader && to === from) this.#endHeader(start)
      },
    })
  }

  push(chunk: Buffer): void {
    if (chunk.length === 0) return
    if (!this.facts.eightBit && !isAscii(chunk)) {
      this.facts.eightBit = true
      this.#firstEightBit = this.#lines.offset + chunk.findIndex((octet) => octet > 127)
    }
    if (!this.facts.nul && chunk.includes(0)) this.facts.nul = true
    if (!this.facts.bareCr) this.#lookForBareCr(chunk)
    this.#lines.push(chunk)
  }

  end(): WireFacts {
    this.#lines.end()
    if (this.#inHeader) this.#endHeader(Infinity)
    if (this.#lastWasCr) this.facts.bareCr = true
    return this.facts
  }

  #endHeader(at: number): void {
    this.#inHeader = false
    this.facts.eightBitHeader = this.#firstEightBit < at
  }

  #lookForBareCr(chunk: Buffer): void {
    if (this.#lastWasCr && chunk[0] !== LF) this.facts.bareCr = true
    let at = chunk.indexOf(CR)
    while (at >= 0 && at < chunk.length - 1) {
      if (chunk[at + 1] !== LF) {
        this.facts.bareCr = true
        return
      }
      at = chunk.indexOf(CR, at + 2)
    }
    this.#lastWasCr = at >= 0
  }
}

const CR = 13
const LF = 10
