import type { KepAccount, Login, Permission, Person } from '../../mail/account.ts'
import { may } from '../../mail/account.ts'
import { accountAsOf } from '../../mail/account-state.ts'
import type { MailboxRow } from '../../storage/port.ts'
import { parseAccount } from '../accounts/directory.ts'
import { loginAsOf } from '../accounts/login-as-of.ts'
import type { ShownCertificate } from '../accounts/shown-certificate.ts'
import type { Admission } from '../connection-census.ts'
import type { ReadingSession } from '../retrieval.ts'
import type { Channel } from '../sasl/channel.ts'
import type { SaslContext } from '../sasl/context.ts'
import { Enabled } from './enabled.ts'
import { bad, ConnectionLost, Farewell, no } from './failure.ts'
import { MAX_NAME } from './limits.ts'
import { nameFromWire, patternFromWire } from './mailbox-name.ts'
import { ToldAnnotations } from './metadata/told-annotations.ts'
import type { Notifications } from './notify/notifications.ts'
import type { OctetReader } from './octet-reader.ts'
import type { Output } from './output.ts'
import type { ImapParts } from './parts.ts'
import type { PendingLiteral } from './pending-literal.ts'
import type { SelectedMailbox } from './selected-mailbox.ts'
import { Slice } from './slice.ts'

export interface User {
  readonly login: Login
  readonly account: KepAccount
  readonly person: Person
}

/** What one connection knows; commands change it, the connection moves octets. */
export class Session {
  readonly parts: ImapParts
  readonly input: OctetReader
  readonly out: Output
  readonly ip: string
  readonly admission: Admission
  /** Clients log in by what they showed in TLS, and by nothing else; undefined: by password. */
  readonly byCertificate: { readonly shown: ShownCertificate | undefined } | undefined
  readonly slice = new Slice()
  /** undefined before there is TLS. */
  channel: Channel | undefined
  /** [RFC 4978 §3] */
  compressed = false
  clientName = ''
  /** Of the command that is being answered. */
  tag = '*'
  readonly enabled = new Enabled()
  readonly annotations: ToldAnnotations
  /** undefined before NOTIFY: then the selected mailbox is told of, and nothing else. */
  notifications: Notifications | undefined
  selected: SelectedMailbox | undefined
  /** `$`. [RFC 9051 §6.4.4.1] */
  savedSearch: Uint32Array = new Uint32Array(0)
  failedLogins = 0
  /** At which the text of the command stops: a message, or a part of one. */
  literal: PendingLiteral | undefined
  /** What the connection does when the answer is out. */
  next: 'go on' | 'start TLS' | 'compress' | 'end' = 'go on'
  #user: User | undefined
  #accountVersion = -1

  constructor(
    parts: ImapParts,
    input: OctetReader,
    out: Output,
    peer: Pick<Session, 'ip' | 'channel' | 'admission' | 'byCertificate'>,
  ) {
    this.parts = parts
    this.input = input
    this.out = out
    this.ip = peer.ip
    this.channel = peer.channel
    this.admission = peer.admission
    this.byCertificate = peer.byCertificate
    this.annotations = new ToldAnnotations(this)
  }

  get tls(): boolean {
    return this.channel !== undefined
  }

  get sasl(): SaslContext {
    const { ip, channel, byCertificate, parts } = this
    return { desk: parts.desk, offer: parts.sasl, ip, service: 'imap', channel, byCertificate }
  }

  get state(): 'not-authenticated' | 'authenticated' | 'selected' {
    if (this.#user === undefined) return 'not-authenticated'
    return this.selected === undefined ? 'authenticated' : 'selected'
  }

  get user(): User {
    if (this.#user === undefined) throw bad('Log in first')
    return this.#user
  }

  get account(): string {
    return this.user.account.address
  }

  get box(): SelectedMailbox {
    if (this.selected === undefined) throw bad('Select a mailbox first')
    return this.selected
  }

  get reader(): ReadingSession {
    return { ...this.user, clientName: this.clientName }
  }

  logIn(user: User): void {
    this.#user = user
  }

  /** What was permitted at login may be taken back while the session lives. */
  async refresh(): Promise<void> {
    const user = this.#user
    if (user === undefined) return
    const row = await this.parts.store.accounts.get(user.account.address)
    const at = this.parts.clock.now()
    // Nobody tells us of a token that was taken back: that it runs out is all that bounds it.
    if (at.getTime() >= (user.login.until ?? Number.POSITIVE_INFINITY))
      throw new Farewell('Oturum suresi doldu / The token ran out, log in again')
    if (
      row?.version === this.#accountVersion &&
      at.getTime() < (user.account.changesAt ?? Number.POSITIVE_INFINITY)
    )
      return
    const now = loginAsOf(row && accountAsOf(parseAccount(row.document), at), user.login)
    if (now === undefined)
      throw new Farewell(
        'Hesap ya da kisi artik etkin degil / The account or the person is not active any more',
      )
    this.#accountVersion = row?.version ?? -1
    this.#user = { ...user, ...now }
    if (this.selected === undefined || this.may('read')) return
    this.leaveMailbox()
    this.out.untagged('OK [CLOSED] Okuma yetkisi alindi / The right to read was taken back')
  }

  may(permission: Permission): boolean {
    return may(this.user.person, permission)
  }

  get closed(): boolean {
    return this.user.account.state === 'closed'
  }

  require(permission: Permission): void {
    if (!this.may(permission)) throw no('NOPERM', 'Bu kisinin yetkisi yok', `No permission: ${permission}`)
  }

  /** In the middle of a long command: what was permitted at its beginning may be taken back, and the account be closed. */
  async stillMay(permission: Permission): Promise<void> {
    const { selected } = this
    await this.refresh()
    if (this.selected !== selected)
      throw no('NOPERM', 'Okuma yetkisi alindi', 'The right to read was taken back')
    this.requireWritable()
    this.require(permission)
  }

  /** Whether searching asks text filters first. */
  get hasSearchIndex(): boolean {
    return this.parts.usesTextFilters() && this.user.account.searchIndex?.state === 'on'
  }

  /** A closed account is kept as it is. */
  requireWritable(): void {
    if (this.closed) throw no('NOPERM', 'Hesap kapali, yalniz okunur', 'The account is closed and read-only')
  }

  /** The selected mailbox, where it may be changed. */
  writableBox(): SelectedMailbox {
    this.requireWritable()
    if (this.box.readOnly) throw no('NOPERM', 'Kutu yalniz okunur acildi', 'The mailbox was opened read-only')
    return this.box
  }

  /** By the first command that asks for modseqs: from now on each change is told with its own, from this one on. [RFC 7162 §3.1] */
  enableCondstore(): void {
    if (!this.enabled.condstore && this.selected !== undefined)
      this.out.untagged(`OK [HIGHESTMODSEQ ${this.selected.modseq}] The last change`)
    this.enabled.condstore = true
  }

  name(octets: string): string {
    return nameFromWire(octets, this.enabled.utf8)
  }

  /** Of LIST and LSUB; undefined where it names nothing. */
  pattern(reference: string, octets: string): string | undefined {
    const before = reference === '' ? '' : patternFromWire(reference, this.enabled.utf8)
    const after = patternFromWire(octets, this.enabled.utf8)
    if (before === undefined || after === undefined) return undefined
    if (before.length + after.length > MAX_NAME) throw bad('The pattern is too long')
    return before + after
  }

  async mailbox(name: string): Promise<MailboxRow> {
    const row = await this.parts.store.mailboxes.byName(this.account, name)
    if (row === undefined) throw no('NONEXISTENT', 'Boyle bir kutu yok', 'There is no such mailbox')
    return row
  }

  /** Asked where a command takes long: nobody waits for the answer any more where the client left. */
  requireClient(): void {
    if (this.input.hasEnded) throw new ConnectionLost('the client left')
  }

  /** Where messages are to be put. [RFC 9051 §6.3.12] */
  async target(name: string): Promise<MailboxRow> {
    const row = await this.parts.store.mailboxes.byName(this.account, name)
    if (row === undefined) throw no('TRYCREATE', 'Boyle bir kutu yok', 'There is no such mailbox')
    return row
  }

  leaveMailbox(): void {
    const left = this.selected
    this.selected = undefined
    // As one of many it is told of again.
    if (left !== undefined) this.notifications?.heard(left.row.id)
    this.savedSearch = new Uint32Array(0)
  }

  /** Calls where there may be something to tell, until the returned function is called. */
  watchChanges(ring: () => void): () => void {
    const { parts, notifications } = this
    if (notifications !== undefined) notifications.ring = ring
    const stops = [
      parts.store.mailboxes.watch((mailbox) => {
        if (mailbox === this.selected?.row.id) ring()
      }),
      parts.accountHints.watch((account) => {
        if (this.enabled.metadata && account === this.account) ring()
      }),
    ]
    return () => {
      for (const stop of stops) stop()
      if (notifications !== undefined) notifications.ring = () => {}
    }
  }

  /** Tells what changed meanwhile. A mailbox that somebody deleted takes its sessions along. [RFC 9051 §6.3.5] */
  async sync(expunge: 'all' | 'no-expunge'): Promise<void> {
    await this.annotations.tell()
    if (this.selected !== undefined) await this.#syncSelected(this.selected, expunge)
    await this.notifications?.tell()
  }

  async #syncSelected(selected: SelectedMailbox, expunge: 'all' | 'no-expunge'): Promise<void> {
    const head = await this.parts.store.mailboxes.head(selected.row.id)
    if (head === undefined) throw new Farewell('Kutu silindi / The mailbox was deleted')
    if (this.notifications?.selected.tells === 'nothing') await selected.tellOwnExpunges(this)
    else if (!selected.isCurrent(head.modseq)) await selected.sync(this, expunge)
  }
}
