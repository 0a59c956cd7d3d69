import { z } from 'zod'
import { type PeerEntry, peerEntry } from '../../config/relay.ts'
import type { DocumentStore } from '../../storage/port.ts'
import type { Peer, Peers } from './peer.ts'
import { type PeerText, peerOf, readPeerFiles } from './peer-entry.ts'

/** What stands in the store under a provider's domain: an entry, or that it was taken away. */
const storedPeer = z.union([z.strictObject({ removed: z.iso.datetime() }), peerEntry])

/** There are some twenty providers in the country. */
const PAGE = 100

export interface KnownPeer {
  readonly peer: Peer
  readonly text: PeerText
}

/** Why a change of the stored peers was refused. */
export type PeerFault = 'CONFIGURED' | 'NOT_FOUND' | 'OWN_DOMAIN' | 'CHANGED_MEANWHILE'

export class PeerError extends Error {
  readonly code: PeerFault
  constructor(code: PeerFault, message: string) {
    super(message)
    this.name = 'PeerError'
    this.code = code
  }
}

/**
 * Who the other providers are: those of the configuration, and those that an operator stored. Where both name one, the
 * configuration holds. A domain that is not here is unknown, and nothing is ever sent to it.
 */
export class PeerDirectory implements Peers {
  readonly #store: DocumentStore
  readonly #ownDomain: string
  #entries: readonly PeerEntry[]
  #known: ReadonlyMap<string, KnownPeer> = new Map()
  #reloading: Promise<void> = Promise.resolve()

  private constructor(store: DocumentStore, ownDomain: string, entries: readonly PeerEntry[]) {
    this.#store = store
    this.#ownDomain = ownDomain
    this.#entries = entries
  }

  /** Rejects as {@link reload} does. */
  static async open(
    store: DocumentStore,
    ownDomain: string,
    entries: readonly PeerEntry[],
  ): Promise<PeerDirectory> {
    const directory = new PeerDirectory(store, ownDomain, entries)
    await directory.reload()
    return directory
  }

  of(provider: string): Peer | undefined {
    return this.#known.get(provider)?.peer
  }

  all(): readonly Peer[] {
    return this.known().map(({ peer }) => peer)
  }

  /** In order of domain. */
  known(): readonly KnownPeer[] {
    return [...this.#known.values()]
  }

  /**
   * Reads files and store anew, and takes over all of it or, where anything cannot be read, nothing: then it rejects with
   * KeyFileError or the reason why an entry makes no peer.
   */
  reload(entries?: readonly PeerEntry[]): Promise<void> {
    // One after another: the last one to begin is the one that holds.
    this.#reloading = this.#reloading.catch(() => {}).then(() => this.#read(entries ?? this.#entries))
    return this.#reloading
  }

  async #read(entries: readonly PeerEntry[]): Promise<void> {
    const known = new Map<string, KnownPeer>()
    for (const text of await this.#stored())
      known.set(text.provider, { text, peer: peerOf(text, 'operator') })
    for (const entry of entries) {
      const text = await readPeerFiles(entry)
      known.set(text.provider, { text, peer: peerOf(text, 'configuration') })
    }
    this.#entries = entries
    this.#known = new Map([...known].sort(([a], [b]) => (a < b ? -1 : 1)))
  }

  /** Stores a peer, or another entry for one that is stored. Rejects with PeerError; afterwards it is in use. */
  async put(text: PeerText): Promise<'added' | 'replaced'> {
    const { provider } = text
    if (provider === this.#ownDomain)
      throw new PeerError('OWN_DOMAIN', `${provider} is this provider's own domain`)
    this.#refuseConfigured(provider)
    peerOf(text, 'operator') // what makes no peer is not stored
    const row = await this.#store.get(provider)
    const replaces = row !== undefined && !('removed' in readStored(row.document, provider))
    await this.#write(provider, text, row?.version ?? 0)
    await this.reload()
    return replaces ? 'replaced' : 'added'
  }

  /** Takes a stored peer away. Rejects with PeerError; afterwards nothing is sent to it. */
  async remove(provider: string, at: Date): Promise<void> {
    this.#refuseConfigured(provider)
    const row = await this.#store.get(provider)
    if (row === undefined || 'removed' in readStored(row.document, provider))
      throw new PeerError('NOT_FOUND', `there is no peer ${provider}`)
    await this.#write(provider, { removed: at.toISOString() }, row.version)
    await this.reload()
  }

  #refuseConfigured(provider: string): void {
    if (this.#entries.some((entry) => entry.provider === provider))
      throw new PeerError(
        'CONFIGURED',
        `${provider} stands in the configuration file: change it there under peers, then run kepctl reload`,
      )
  }

  async #write(provider: string, document: object, expected: number): Promise<void> {
    if (!(await this.#store.put(provider, JSON.stringify(document), expected)))
      throw new PeerError('CHANGED_MEANWHILE', `${provider} was changed meanwhile: look again`)
  }

  async #stored(): Promise<PeerText[]> {
    const texts: PeerText[] = []
    for (let after = ''; ; ) {
      const page = await this.#store.list(after, PAGE)
      for (const { key, document } of page) {
        const stored = readStored(document, key)
        if (!('removed' in stored)) texts.push(stored)
      }
      const last = page.at(-1)
      if (last === undefined || page.length < PAGE) return texts
      after = last.key
    }
  }
}

function readStored(document: string, key: string): z.output<typeof storedPeer> {
  const read = storedPeer.safeParse(JSON.parse(document))
  if (!read.success) throw new Error(`the stored peer ${key} cannot be read: ${z.prettifyError(read.error)}`)
  return read.data
}
