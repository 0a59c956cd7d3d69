/** What a client believes of its mailbox from nothing but what it was told. [RFC 9051 §7.4] */
import { Broken } from '../target.ts'

export class MailboxModel {
  /** undefined while none is selected. */
  #exists: number | undefined
  #unsaid = false

  /** It asked not to hear all: what it was told of may be gone, and what is new it may not know. [RFC 5465 §3.1] */
  get unsaid(): boolean {
    return this.#unsaid
  }

  get exists(): number | undefined {
    return this.#exists
  }

  /** An untagged response. */
  hear(text: string): void {
    const [, number = '', word = ''] = /^([0-9]+) ([A-Z]+)/.exec(text) ?? []
    const count = Number(number)
    if (/^OK \[CLOSED\]/.test(text)) this.#exists = undefined
    else if (word === 'EXISTS') this.#grow(count)
    else if (word === 'EXPUNGE') this.#shrink(1, count)
    else if (word === 'FETCH') this.#at(count)
    const vanished = /^VANISHED ([0-9:,]+)$/.exec(text)?.[1]
    if (vanished !== undefined) this.#shrink(numbersIn(vanished).length, 1)
  }

  /** A command ended well. */
  ended(command: string): void {
    if (/^NOTIFY /i.test(command)) this.#unsaid = true
    if (/^(?:CLOSE|UNSELECT)$/i.test(command)) this.#exists = undefined
  }

  #grow(count: number): void {
    if (this.#exists !== undefined && count < this.#exists) throw new Broken('EXISTS takes messages away')
    this.#exists = count
  }

  #shrink(by: number, at: number): void {
    this.#at(at)
    if (this.#exists !== undefined && by > this.#exists) throw new Broken('more messages go than there were')
    if (this.#exists !== undefined) this.#exists -= by
  }

  #at(number: number): void {
    if (this.#exists === undefined) throw new Broken('a message of no mailbox is told of')
    if (number < 1 || number > this.#exists) throw new Broken('a message is told of that nobody announced')
  }
}

/** `1:3,7` one by one. */
export const numbersIn = (set: string): number[] =>
  set.split(',').flatMap((range) => {
    const [from = Number.NaN, to = from] = range.split(':').map(Number)
    return Array.from({ length: to - from + 1 }, (_, at) => from + at)
  })
