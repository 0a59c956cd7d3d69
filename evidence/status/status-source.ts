import type { Clock } from '../../mail/clock.ts'
import { deskHere, type TrustDesk } from '../desk/desk.ts'
import type { Certificate } from '../ports.ts'
import type { Asking } from './asking.ts'
import { IssuerSource } from './issuer-source.ts'
import { ListSource } from './list-source.ts'
import { type OcspSettings, OcspSource } from './ocsp-source.ts'
import { type Resolve, Web, WebError } from './web.ts'

/** Of one certificate; real ones name one or two. */
const MAX_LISTS = 4

/** What is asked for. */
export type StatusKind = 'ocsp' | 'crl' | 'issuer'

export interface StatusSettings {
  /** Nothing is kept for longer, ms. */
  readonly maxAgeMs: number
  readonly ocsp: OcspSettings
  /** Names and addresses, in lower case, that may be asked though they are not public. */
  readonly privateHosts: readonly string[]
  /** Host names from which certificates of missing issuers may be fetched. */
  readonly aiaHosts: readonly string[]
}

export interface GatheredStatus {
  readonly crls: readonly Uint8Array[]
  readonly ocsps: readonly Uint8Array[]
}

/**
 * Status of certificates that an anchor already stands behind: their responders first, then the lists that they name.
 * What cannot be had is left out; whether what came is enough is for `validatePath` to say.
 */
export class StatusSource {
  readonly #settings: () => StatusSettings
  readonly #lists: ListSource
  readonly #responders: OcspSource
  readonly #issuers: IssuerSource
  /** Where what it gathers is read, and judged by who asks for it. */
  readonly desk: TrustDesk

  constructor(options: {
    clock: Clock
    /** Asked anew each time, so that a reload takes effect. */
    settings: () => StatusSettings
    onFailure: (kind: StatusKind, url: string, error: Error) => void
    resolve?: Resolve | undefined
    desk?: TrustDesk | undefined
  }) {
    const { clock, settings, onFailure, desk = deskHere } = options
    const web = new Web({ clock, privateHosts: () => settings().privateHosts, resolve: options.resolve })
    const maxAgeMs = (): number => settings().maxAgeMs
    // That a host is left alone was told when it failed.
    const failed = (kind: StatusKind) => (url: string, error: Error) => {
      if (!(error instanceof WebError && error.code === 'RESTING')) onFailure(kind, url, error)
    }
    this.#settings = settings
    this.desk = desk
    this.#lists = new ListSource({ web, clock, maxAgeMs, desk, onFailure: failed('crl') })
    this.#responders = new OcspSource({
      web,
      clock,
      maxAgeMs,
      settings: () => settings().ocsp,
      onFailure: failed('ocsp'),
    })
    this.#issuers = new IssuerSource({
      web,
      clock,
      hosts: () => settings().aiaHosts,
      onFailure: failed('issuer'),
    })
  }

  get maxAgeMs(): number {
    return this.#settings().maxAgeMs
  }

  /** Lists at these addresses of the configuration, which may be about others; those that cannot be had are left out. */
  async lists(
    urls: readonly string[],
    issuers: readonly Certificate[],
    asking: Asking,
  ): Promise<Uint8Array[]> {
    return (await Promise.all(urls.map((url) => this.#lists.configured(url, issuers, asking)))).flat()
  }

  /** Issuers that are not at hand. */
  missingIssuers(
    leaf: Certificate,
    known: readonly Certificate[],
    asking: Asking,
  ): Promise<readonly Certificate[]> {
    return this.#issuers.missing(leaf, known, asking)
  }

  /**
   * @param path leaf first, anchor last, valid but for status
   * @param furtherLists addresses of the configuration
   */
  async gather(
    path: readonly Certificate[],
    furtherLists: readonly string[],
    asking: Asking,
  ): Promise<GatheredStatus> {
    const pairs = path.slice(0, -1).map((certificate, index) => ({
      certificate,
      issuer: path[index + 1]!,
      // Only the first must be fresh; see TrustContext.
      asking: index === 0 ? asking : borrowed(asking),
    }))
    const answers = await Promise.all(
      pairs.map(({ certificate, issuer, asking: own }) => this.#responders.answer(certificate, issuer, own)),
    )
    const open = pairs.filter((_, index) => answers[index]?.conclusive !== true)
    const lists = await Promise.all([
      open.length === 0 ? [] : this.lists(furtherLists, path.slice(1), asking),
      ...open.map(({ certificate, issuer, asking: own }) => this.#listsOf(certificate, issuer, own)),
    ])
    return {
      crls: [...new Set(lists.flat())],
      ocsps: answers.flatMap((answer) => (answer === undefined ? [] : [answer.der])),
    }
  }

  /** Complete lists, and the deltas that they or the certificate name. */
  async #listsOf(certificate: Certificate, issuer: Certificate, asking: Asking): Promise<Uint8Array[]> {
    const fetchAll = async (urls: readonly string[]): Promise<Uint8Array[]> => {
      const named = urls.slice(0, MAX_LISTS).map((url) => this.#lists.named(url, issuer, asking))
      return (await Promise.all(named)).flat()
    }
    const complete = await fetchAll(certificate.crlUrls)
    const facts = await Promise.all(complete.map((der) => this.desk.list(der, issuer)))
    const named = facts.flatMap(({ genuine, freshestUrls }) => (genuine ? freshestUrls : []))
    const deltas = await fetchAll([...new Set([...certificate.freshestCrlUrls, ...named])])
    return [...complete, ...deltas]
  }
}

/** The same bound on requests, without the demand for freshness. */
const borrowed = (asking: Asking): Asking => ({
  at: asking.at,
  freshness: undefined,
  askedSince: asking.askedSince,
  ofIssuer: true,
  otherSigners: asking.otherSigners,
  get requestsLeft() {
    return asking.requestsLeft
  },
  set requestsLeft(left) {
    asking.requestsLeft = left
  },
})
