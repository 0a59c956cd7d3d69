import { bad, type CommandError } from './failure.ts'
import { MAX_DEPTH } from './limits.ts'
import { decodeUtf8 } from './mailbox-name.ts'
import type { NumberSet, SetNumber } from './number-set.ts'

/** Everything but ( ) { SP CTL % * " \ ] and 8-bit octets. [RFC 9051 §9] */
const ATOM = /[^\x00-\x20\x7f-\xff(){%*"\\\]]+/y
/** An atom that may hold `]`. */
const ASTRING = /[^\x00-\x20\x7f-\xff(){%*"\\]+/y
/** A mailbox pattern may hold wildcards too. */
const PATTERN = /[^\x00-\x20\x7f-\xff(){"\\]+/y
const TAG = /[^\x00-\x20\x7f-\xff(){%*"\\+]+/y
const QUOTED = /"[^"\\\r\n\x00]*(?:\\["\\][^"\\\r\n\x00]*)*"/y
const LITERAL = /\{([0-9]{1,19})\+?\}\r\n/y
const ANNOUNCEMENT = /~?\{([0-9]{1,19})(\+?)\}$/y
const WORD = /[A-Za-z0-9.]{1,400}/y
const NUMBER = /[0-9]{1,19}/y
const MAX_UINT32 = 0xffff_ffff
const MAX_NUMBER64 = 2n ** 63n - 1n

/**
 * Reads one command from left to right; nothing is looked at twice and nothing is guessed. Text is one char per
 * octet with literals where they were announced. Failure: {@link CommandError} with BAD.
 */
export class Cursor {
  readonly text: string
  position = 0
  #depth = 0

  constructor(text: string) {
    this.text = text
  }

  get done(): boolean {
    return this.position >= this.text.length
  }

  /** Whether this stands next; letters in any case. */
  sees(word: string): boolean {
    return this.text.slice(this.position, this.position + word.length).toUpperCase() === word
  }

  /** Takes it where it stands next. */
  take(word: string): boolean {
    if (!this.sees(word)) return false
    this.position += word.length
    return true
  }

  expect(word: string): void {
    if (!this.take(word)) throw this.lacks(`"${word}"`)
  }

  space(): void {
    if (!this.take(' ')) throw this.lacks(this.done ? 'an argument' : 'a space')
  }

  /** What should stand here. The text itself is not repeated: it may be a password, or anything else. */
  lacks(what: string): CommandError {
    return bad(
      this.done ? `The command ends before ${what}` : `There should be ${what} at octet ${this.position + 1}`,
    )
  }

  /** Nobody reads the rest. */
  skip(): void {
    this.position = this.text.length
  }

  end(): void {
    if (!this.done) throw bad(`The command should end at octet ${this.position + 1}`)
  }

  tag(): string {
    return this.#match(TAG) ?? this.#fail('the tag')
  }

  atom(): string {
    return this.#match(ATOM) ?? this.#fail('an atom')
  }

  /** An atom that names something of the protocol, in upper case. */
  keyword(): string {
    return this.atom().toUpperCase()
  }

  /** A name with dots, as FETCH items and sections are written; in upper case. */
  word(): string {
    return (this.#match(WORD) ?? this.#fail('a name')).toUpperCase()
  }

  astring(): string {
    return this.#match(ASTRING) ?? this.string()
  }

  pattern(): string {
    return this.#match(PATTERN) ?? this.string()
  }

  string(): string {
    const string = this.#string()
    if (string === undefined) throw this.lacks('a string')
    return string
  }

  nstring(): string | undefined {
    const string = this.#string()
    if (string === undefined && !this.take('NIL')) throw this.lacks('a string')
    return string
  }

  /** A string, NIL, or a literal8, which may hold any octets. [RFC 5464 §5] */
  value(): string | undefined {
    if (!this.sees('~{')) return this.nstring()
    this.position++
    return this.#literal() ?? this.#fail('a literal')
  }

  /** 0 to 2^63 - 1, of which all above 2^53 - 1 are read as that: nothing here is as large. [RFC 9051 §9] */
  number(): number {
    const digits = this.#match(NUMBER)
    if (digits === undefined) throw this.lacks('a number')
    if (BigInt(digits) > MAX_NUMBER64) throw bad('A number is out of range')
    return Math.min(Number(digits), Number.MAX_SAFE_INTEGER)
  }

  nonZero(): number {
    const number = this.number()
    if (number === 0 || number > MAX_UINT32) throw bad('A number is out of range')
    return number
  }

  /** `(item item …)`; an empty list where `empty` says so. Depth is bounded. */
  list<T>(item: () => T, empty: 'may be empty' | 'has items'): T[] {
    this.expect('(')
    const items: T[] = []
    if (empty === 'may be empty' && this.take(')')) return items
    this.nested(() => {
      do items.push(item())
      while (this.take(' '))
    })
    this.expect(')')
    return items
  }

  /** Whether a literal that is still to come stands next: the text ends with its announcement. */
  get seesAnnouncement(): boolean {
    ANNOUNCEMENT.lastIndex = this.position
    return ANNOUNCEMENT.test(this.text)
  }

  /** `{n}`, `{n+}` or `~{n}` at the end of the text: the message that is still to come. [RFC 9051 §9] */
  announcement(): { size: number; sync: boolean } {
    ANNOUNCEMENT.lastIndex = this.position
    const found = ANNOUNCEMENT.exec(this.text)
    if (found === null) throw this.lacks('a literal')
    this.position += found[0].length
    return { size: Number(found[1]), sync: found[2] === '' }
  }

  /** Runs something that may nest itself. */
  nested<T>(inner: () => T): T {
    if (++this.#depth > MAX_DEPTH) throw bad('The command is nested too deeply')
    const result = inner()
    this.#depth--
    return result
  }

  /** `1,3:5,7:*` or `$`. [RFC 9051 §9] */
  numberSet(): NumberSet {
    if (this.take('$')) return { saved: true, ranges: [] }
    const ranges: [SetNumber, SetNumber][] = []
    do {
      const from = this.#setNumber()
      ranges.push([from, this.take(':') ? this.#setNumber() : from])
    } while (this.take(','))
    return { saved: false, ranges }
  }

  #setNumber(): SetNumber {
    return this.take('*') ? '*' : this.nonZero()
  }

  #string(): string | undefined {
    const quoted = this.#match(QUOTED)
    if (quoted !== undefined) {
      // [RFC 6855 §3]
      if (/[\x80-\xff]/.test(quoted) && decodeUtf8(quoted) === undefined)
        throw bad('A quoted string is not UTF-8')
      return quoted.slice(1, -1).replace(/\\(.)/g, '$1')
    }
    const octets = this.#literal()
    if (octets?.includes('\0') === true) throw bad('An argument has a NUL octet')
    return octets
  }

  #literal(): string | undefined {
    const from = this.position
    LITERAL.lastIndex = from
    const announced = LITERAL.exec(this.text)
    if (announced === null) return undefined
    const start = from + announced[0].length
    const end = start + Number(announced[1])
    if (end > this.text.length) throw bad('A literal is not complete')
    this.position = end
    return this.text.slice(start, end)
  }

  #match(pattern: RegExp): string | undefined {
    pattern.lastIndex = this.position
    const found = pattern.exec(this.text)?.[0]
    if (found !== undefined) this.position += found.length
    return found
  }

  #fail(what: string): never {
    throw this.lacks(what)
  }
}
