import type { Events } from '../../../ops/events.ts'
import { PIECE } from '../../octet-pieces.ts'
import type { Slice } from '../../slice.ts'
import { GivenUp } from './given-up.ts'
import { type Budget, type PdfLimits, PdfReader, UnknownText } from './pdf-reader.ts'

/** ms of processor time for all PDF documents of one message, some four thousand full pages: its sender may attach thousands. */
const IN_A_MESSAGE_MS = 20_000

/** Of one message, each time that it is looked at. */
export const newBudget = (): Budget => ({ processorMs: IN_A_MESSAGE_MS })

/** Whose time it takes, and who is told of what could not be read. */
interface Asking {
  readonly slice: Slice
  readonly parts: { readonly events: Pick<Events, 'pdfUnread'> }
}

/** The text of PDF documents; what was given up once is read no further than it was then. One at a time. */
export class PdfText {
  readonly #reader: PdfReader
  readonly #givenUp = new GivenUp()

  constructor(limits: Partial<PdfLimits> = {}) {
    this.#reader = new PdfReader(limits)
  }

  /**
   * In pieces.
   *
   * @param id by which it is known when it comes again
   * @throws UnknownText
   */
  async *of(
    octets: AsyncIterable<Uint8Array>,
    id: string,
    budget: Budget,
    { slice, parts }: Asking,
  ): AsyncGenerator<string> {
    const known = this.#givenUp.textsOf(id) ?? Number.POSITIVE_INFINITY
    if (known === 0 || budget.processorMs <= 0) throw new UnknownText(true)
    let texts = 0
    try {
      for await (const text of this.#reader.textOf(octets, budget)) {
        for (let at = 0; at < text.length; at += PIECE) {
          yield text.slice(at, at + PIECE)
          await slice.breathe()
        }
        if (++texts >= known) throw new UnknownText(true)
      }
    } catch (error) {
      if (error instanceof UnknownText && texts < known) {
        parts.events.pdfUnread(error.isLasting ? 'given-up' : 'not-started')
        if (error.isLasting) this.#givenUp.add(id, texts)
      }
      throw error
    }
  }

  /** Of the process that reads. */
  get pid(): number | undefined {
    return this.#reader.pid
  }

  /** The next document starts another process. */
  end(): void {
    this.#reader.end()
  }
}
