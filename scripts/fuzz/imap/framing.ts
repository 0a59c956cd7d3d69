/**
 * Which answers a server owes for what a client has sent. [RFC 9051 §2.2.1] A client that does not wait may have sent what
 * belongs to a literal or to the next command, and only the server's word tells which.
 */
import { Broken } from '../target.ts'

const TAG = /^[^\x00-\x20\x7f-\xff(){%*"\\+]{1,200}(?= )/

export class Framing {
  /** Sent, and not yet known what it is. */
  #rest = ''
  #state: 'command' | 'literal' | 'free line' | 'waits' = 'command'
  #left = 0
  /** Octets of the literal that the server is asked about. */
  #asks: number | undefined
  #lines: string[] = []
  #answered = false

  /** A whole command is with the server, and neither an answer nor a question came. */
  get owes(): boolean {
    return this.#state === 'waits'
  }

  /** Nothing was begun: what is sent next is a command of its own. */
  get clean(): boolean {
    return this.#state === 'command' && this.#lines.length === 0 && this.#rest === ''
  }

  /** Of which the answer is due. */
  get command(): string {
    return this.#lines.join(' ')
  }

  sent(octets: string): void {
    this.#rest += octets
    this.#advance()
  }

  /** `+` came. */
  asked(): void {
    if (this.#state !== 'waits') throw new Broken('the server goes on with what nobody began')
    if (this.#asks === undefined) this.#state = 'free line'
    else this.#enter('literal', this.#asks)
    this.#asks = undefined
    this.#advance()
  }

  /** The end of a command came, with this tag; `*` for what has none. */
  answered(tag: string): void {
    if (this.#lines.length === 0) throw new Broken('an answer to no command')
    if (this.#answered) throw new Broken('a second answer to one command')
    if (tag !== (TAG.exec(this.#lines[0] ?? '')?.[0] ?? '*')) throw new Broken('an answer to another command')
    this.#answered = true
    if (this.#state === 'waits' || this.#state === 'free line') this.#begin()
    this.#advance()
  }

  #advance(): void {
    while (this.#state !== 'waits') {
      if (this.#state === 'literal') {
        const taken = Math.min(this.#left, this.#rest.length)
        this.#rest = this.#rest.slice(taken)
        this.#left -= taken
        if (this.#left > 0) return
        this.#state = 'command'
        continue
      }
      const end = this.#rest.indexOf('\n')
      if (end < 0) return
      const line = this.#rest.slice(0, end).replace(/\r$/, '')
      this.#rest = this.#rest.slice(end + 1)
      this.#lines.push(line)
      const announced = this.#state === 'command' ? /\{([0-9]{1,10})(\+?)\}$/.exec(line.slice(-14)) : null
      if (announced?.[2] === '+') this.#enter('literal', Number(announced[1]))
      else if (this.#answered) this.#begin()
      else {
        this.#state = 'waits'
        this.#asks = announced === null ? undefined : Number(announced[1])
      }
    }
  }

  #enter(state: 'literal', left: number): void {
    this.#state = state
    this.#left = left
  }

  #begin(): void {
    this.#state = 'command'
    this.#lines = []
    this.#answered = false
    this.#asks = undefined
  }
}
