import type { Act, Body, Slot } from './acts.ts'
import { type Facts, factOf, flagsIn, named } from './facts.ts'
import type { Random } from './random.ts'

/** Below and above what is kept in rows, and files of one and of many pages. */
const SIZES = [1_000, 1_000, 1_000, 60_000, 70_000, 70_000, 300_000] as const
/** So often a body is one that others write too: they keep the same octets, and let go of them at different times. */
const SHARED = 0.3
const MAILBOXES = ['A', 'B'] as const

/** What a writer does next, by what is true of its things. */
export class Chooser {
  readonly #random: Random
  readonly #writer: string
  readonly #run: string
  #count = 0

  constructor(random: Random, writer: string, run: string) {
    this.#random = random
    this.#writer = writer
    this.#run = run
  }

  next(facts: Facts): Act {
    const missing = MAILBOXES.find((name) => !facts.has(factOf.next(this.#writer, name)))
    if (missing !== undefined) return { kind: 'mailbox', name: missing }
    for (;;) {
      const act = this.#random.one(this.#wishes)(facts)
      if (act !== undefined) return act
    }
  }

  readonly #wishes: readonly ((facts: Facts) => Act | undefined)[] = [
    () => this.#accept(),
    () => this.#accept(),
    () => this.#append(),
    () => this.#append(),
    (facts) => this.#settle(facts, 'first'),
    (facts) => this.#settle(facts, 'second'),
    (facts) => this.#purge(facts),
    (facts) => this.#flag(facts),
    (facts) => this.#expunge(facts),
    (facts) => this.#move(facts),
    (facts) => this.#chain(facts),
    (facts) => this.#seal(facts),
    (facts) => this.#document(facts),
    () => ({ kind: 'save', keeper: this.#keeper(), body: this.#body() }),
    (facts) => this.#keep(facts),
    () => ({ kind: 'release', keeper: this.#keeper() }),
    () => ({ kind: 'sweep' }),
  ]

  /** Never the same twice, also in another run. */
  #name(): string {
    return `${this.#writer}.${this.#run}.${this.#count++}`
  }

  #body(): Body {
    const size = this.#random.one(SIZES)
    return { seed: this.#random.chance(SHARED) ? `shared ${this.#random.whole(1, 3)}` : this.#name(), size }
  }

  #accept(): Act {
    // Times grow, so that the oldest work is the first that was accepted.
    const due = Number(this.#run) * 1_000_000 + this.#count
    return { kind: 'accept', id: this.#name(), body: this.#body(), due }
  }

  #append(): Act {
    return { kind: 'append', name: this.#random.one(MAILBOXES), opId: this.#name(), body: this.#body() }
  }

  #settle(facts: Facts, slot: Slot): Act | undefined {
    const [oldest] = this.#work(facts)
      .filter((row) => row.slot === slot && row.state === 'pending')
      .sort((a, b) => a.due - b.due)
    return oldest && { kind: 'settle', id: oldest.id, slot, due: oldest.due }
  }

  #purge(facts: Facts): Act | undefined {
    const done = this.#work(facts)
      .filter(({ slot, state }) => slot === 'second' && state === 'done')
      .filter(({ id }) => facts.get(factOf.intake(id))?.includes(' whole ') === true)
    return done.length === 0 ? undefined : { kind: 'purge', id: this.#random.one(done).id }
  }

  #work(facts: Facts) {
    return named(facts, `work/${this.#writer}.`).map(([name, value]) => {
      const [, id = '', slot = ''] = name.split('/')
      const [state = '', due = ''] = value.split(' ')
      return { id, slot, state, due: Number(due) }
    })
  }

  #flag(facts: Facts): Act | undefined {
    const name = this.#random.one(MAILBOXES)
    const uids = this.#some(this.#messages(facts, name).map(({ uid }) => uid))
    const flag = this.#random.one(['\\Deleted', '\\Deleted', '\\Seen', '$Word'])
    return uids.length === 0 ? undefined : { kind: 'flag', name, uids, flag }
  }

  #expunge(facts: Facts): Act | undefined {
    const name = this.#random.one(MAILBOXES)
    const uids = this.#messages(facts, name)
      .filter(({ flags }) => flags.includes('\\Deleted'))
      .map(({ uid }) => uid)
    return uids.length === 0 ? undefined : { kind: 'expunge', name, uids }
  }

  #move(facts: Facts): Act | undefined {
    const from = this.#random.one(MAILBOXES)
    const uids = this.#some(this.#messages(facts, from).map(({ uid }) => uid))
    return uids.length === 0 ? undefined : { kind: 'move', from, to: from === 'A' ? 'B' : 'A', uids }
  }

  #messages(facts: Facts, mailbox: string) {
    return named(facts, `message/${this.#writer}/${mailbox}/`)
      .map(([name, value]) => ({ uid: Number(name.split('/')[3]), flags: flagsIn(value) }))
      .sort((a, b) => a.uid - b.uid)
  }

  #some(uids: readonly number[]): number[] {
    const share = this.#random.next() / 2
    return uids.filter(() => this.#random.chance(share))
  }

  #chain(facts: Facts): Act {
    const from = named(facts, `entry/${this.#writer}/`).length + 1
    return { kind: 'chain', from, upTo: from + this.#random.whole(0, 3) }
  }

  #seal(facts: Facts): Act | undefined {
    const head = named(facts, `entry/${this.#writer}/`).length
    const last = named(facts, `segment/${this.#writer}/`).map(([name]) => Number(name.split('/')[2]))
    const from = Math.max(0, ...last) + 1
    return from > head ? undefined : { kind: 'seal', from, upTo: head, body: this.#body() }
  }

  #document(facts: Facts): Act {
    const key = `${this.#writer}/${this.#random.whole(1, 5)}`
    const version = Number((facts.get(factOf.document(key)) ?? '0').split(' ')[0]) + 1
    return { kind: 'document', key, version, document: 'x'.repeat(this.#random.one([10, 500, 5_000])) }
  }

  #keep(facts: Facts): Act | undefined {
    const kept = named(facts, `kept/hold/${this.#writer}.`)
    if (kept.length === 0) return undefined
    const [name, size] = this.#random.one(kept)
    return { kind: 'keep', keeper: this.#keeper(), hash: name.split(' ')[1] ?? '', size: Number(size) }
  }

  #keeper(): string {
    return `hold/${this.#writer}.${this.#random.whole(1, 4)}`
  }
}
