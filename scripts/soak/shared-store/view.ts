import type { Findings } from './findings.ts'

/**
 * A mailbox as one session is told of it, line by line: what a mail program keeps. [RFC 9051 §7.4.1] [RFC 9051 §7.5.1]
 * Whatever does not fit is a finding.
 */
export class MailboxView {
  /** In order of sequence numbers; 0 where the UID was not told yet. */
  readonly uids: number[] = []
  /** When the last message appeared. */
  newsAt = 0
  readonly #findings: Findings
  readonly #where: string
  #highest = 0
  #fresh: number[] = []

  constructor(findings: Findings, where: string) {
    this.#findings = findings
    this.#where = where
  }

  readonly heard = (line: string): void => {
    const [, number = '', what, rest = ''] =
      /^\* (\d+) (EXISTS|EXPUNGE|FETCH)(.*)/.exec(line) ?? ([] as string[])
    if (what === 'EXISTS') this.#exists(Number(number), line)
    else if (what === 'EXPUNGE') this.#expunge(Number(number), line)
    else if (what === 'FETCH') this.#fetched(Number(number), Number(/UID (\d+)/.exec(rest)?.[1]), line)
  }

  /** Sequence numbers of what is there and has no name yet. */
  get unnamed(): string | undefined {
    const first = this.uids.indexOf(0)
    return first < 0 ? undefined : `${first + 1}:${this.uids.length}`
  }

  /** What was gone before it could be named will go with the next EXPUNGE. */
  get known(): number[] {
    return this.uids.filter((uid) => uid > 0)
  }

  /** UIDs that were named since this was asked last. */
  takeFresh(): number[] {
    const fresh = this.#fresh
    this.#fresh = []
    return fresh
  }

  #exists(count: number, line: string): void {
    if (count < this.uids.length) this.#wrong(line)
    if (count > this.uids.length) this.newsAt = performance.now()
    while (this.uids.length < count) this.uids.push(0)
  }

  #expunge(sequence: number, line: string): void {
    if (this.uids.splice(sequence - 1, 1).length === 0) this.#wrong(line)
  }

  #fetched(sequence: number, uid: number, line: string): void {
    const known = this.uids[sequence - 1]
    if (known === uid) return
    if (known !== 0) {
      this.#wrong(line)
      return
    }
    if (uid <= this.#highest)
      this.#findings.broken('uidsBackwards', `${this.#where}: ${line} after UID ${this.#highest}`)
    this.#highest = Math.max(this.#highest, uid)
    this.uids[sequence - 1] = uid
    this.#fresh.push(uid)
  }

  #wrong(line: string): void {
    this.#findings.broken('wrongAnswers', `${this.#where}: ${line} with ${this.uids.length} messages`)
  }
}
