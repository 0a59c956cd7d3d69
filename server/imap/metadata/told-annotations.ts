import { mailboxId } from '../object-id.ts'
import type { Session } from '../session.ts'
import { mailbox } from '../wire-text.ts'
import { type Annotations, readAnnotations } from './annotations.ts'

/**
 * What a session knows of the entries that it can see. It hears of others' changes only after ENABLE METADATA, by name
 * and without values. [RFC 5464 §4.4.2]
 */
export class ToldAnnotations {
  readonly #session: Session
  #known: Annotations | undefined

  constructor(session: Session) {
    this.#session = session
  }

  /** From now on; what was before, the client asks for. */
  async begin(): Promise<void> {
    this.#known ??= await this.#read()
  }

  /** Tells what others changed since. */
  async tell(): Promise<void> {
    if (this.#known === undefined) return
    await this.#tellUpTo(await this.#read())
  }

  /** Tells what others changed before a command of this session did, whose own change is no news. */
  async learn({ before, after }: { before: Annotations; after: Annotations }): Promise<void> {
    if (this.#known === undefined) return
    await this.#tellUpTo(before)
    this.#known = after
  }

  #read(): Promise<Annotations> {
    return readAnnotations(this.#session.parts.store, this.#session.account)
  }

  async #tellUpTo(now: Annotations): Promise<void> {
    const known = this.#known
    if (known === undefined || known.version === now.version) return
    const changed = new Map<string, Set<string>>()
    for (const [place, key] of differences(this.#visible(known), this.#visible(now)))
      changed.set(place, (changed.get(place) ?? new Set()).add(key))
    this.#known = now
    if (changed.size === 0 || !this.#session.may('read')) return
    const { out, enabled, account, parts } = this.#session
    const rows = await parts.store.mailboxes.list(account)
    for (const [name, id] of [['', ''] as const, ...rows.map((row) => [row.name, mailboxId(row)] as const)]) {
      const keys = changed.get(id)
      if (keys === undefined || !this.#isWanted(name)) continue
      out.untagged(`METADATA ${mailbox(name, enabled.utf8)} ${[...keys].map(entry).join(' ')}`)
      await out.room()
    }
  }

  /** NOTIFY says of which mailboxes, '' is the server; before it ENABLE METADATA means all. [RFC 5465 §5.6] */
  #isWanted(name: string): boolean {
    const { notifications, enabled } = this.#session
    if (notifications === undefined) return enabled.metadata
    return name === '' ? notifications.wantsServer : notifications.wants('MailboxMetadataChange', name)
  }

  #visible({ entries }: Annotations): Map<string, string> {
    const { handle } = this.#session.user.person
    return new Map(
      entries.flatMap(({ person, mailbox: place, key, value }) =>
        person === '' || person === handle ? [[JSON.stringify([place, key]), value] as const] : [],
      ),
    )
  }
}

function* differences(
  before: ReadonlyMap<string, string>,
  after: ReadonlyMap<string, string>,
): Generator<[place: string, key: string]> {
  for (const name of new Set([...before.keys(), ...after.keys()]))
    if (before.get(name) !== after.get(name)) yield JSON.parse(name)
}

/** An astring: what is no atom is quoted. [RFC 5464 §5] */
export const entry = (name: string): string =>
  /^[^\x00-\x20\x7f-\xff(){%*"\\\]]+$/.test(name) ? name : `"${name.replace(/["\\]/g, '\\$&')}"`
