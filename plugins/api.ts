/**
 * How policies and evidence types plug into the walk of a message. A plugin registers handlers on named hooks; the
 * configured order is the order in which they are asked. A handler that throws or takes too long refuses for
 * the time being (451): no failure of a plugin lets mail through (I6).
 */
import type { z } from 'zod'
import type { EvidenceDraft, EvidenceProfile } from '../evidence/index.ts'
import type { KepAccount, Login, Person } from '../mail/account.ts'
import type { FailureCode } from '../mail/errors.ts'
import type { KepAddress } from '../mail/kep-address.ts'
import type { MimeIndex } from '../mail/mime-part.ts'
import type { BlobStore } from '../storage/port.ts'
import type { EvidenceEvent } from './events.ts'
import type { SubmittedMessage } from './message.ts'

/** A session after login; nothing in it changes. */
export interface SessionFacts {
  readonly login: Login
  readonly account: KepAccount
  readonly person: Person
  /** As the client named itself in EHLO; worth nothing but a trace. */
  readonly clientName: string
}

export interface Recipient {
  readonly kep: KepAddress
  /** An address of our own domain. */
  readonly local: boolean
}

export interface Transaction {
  readonly session: SessionFacts
  /** SIZE= of MAIL, octets. [RFC 1870 §3] */
  readonly declaredSize: number | undefined
  readonly recipients: readonly Recipient[]
}

/** `proceed`: ask the next plugin. `accept`: enough, ask no further plugin on this hook. */
export type Verdict =
  | { readonly kind: 'proceed' }
  | { readonly kind: 'accept' }
  | { readonly kind: 'refuse'; readonly code: FailureCode; readonly told: string; readonly evidence: boolean }

export const proceed: Verdict = { kind: 'proceed' }
export const accept: Verdict = { kind: 'accept' }

/** Whether it is final or for the time being follows from the code's reply (5xx or 4xx). */
export const refuse = (code: FailureCode, told = ''): Verdict => ({
  kind: 'refuse',
  code,
  told,
  evidence: true,
})
/** Refuses complete DATA without making a rejection evidence. */
export const refuseQuietly = (code: FailureCode, told = ''): Verdict => ({
  kind: 'refuse',
  code,
  told,
  evidence: false,
})

export interface HookArguments {
  /** After login, before the first MAIL. */
  auth: { readonly session: SessionFacts }
  mail: { readonly session: SessionFacts; readonly from: string; readonly declaredSize: number | undefined }
  rcpt: { readonly transaction: Transaction; readonly to: string; readonly recipient: Recipient | undefined }
  /** Before the octets travel. */
  data: { readonly transaction: Transaction }
  /** The message is here, indexed and its signature computed; nothing is stored yet. */
  data_post: { readonly transaction: Transaction; readonly message: SubmittedMessage }
  /** A peer's dispatch is here and holds; a refusal becomes a rejection evidence, or a 4xx where the code is one. */
  relay_post: {
    /** The peer's provider domain. */
    readonly peer: string
    /** Octets of the dispatch as stored. */
    readonly size: number
    readonly index: MimeIndex
    readonly open: SubmittedMessage['open']
  }
}
export type HookName = keyof HookArguments

export type Handler<H extends HookName> = (
  context: HookArguments[H],
  signal: AbortSignal,
) => Verdict | Promise<Verdict>

/** Sees the octets of DATA as they pass, between `data` and `data_post`. */
export interface Tap {
  write(chunk: Uint8Array): void | Promise<void>
  end(): void | Promise<void>
}

/** Drafts the delil of one event; the same event always makes the same draft. */
export type Drafter<K extends EvidenceEvent['hook']> = (
  event: Extract<EvidenceEvent, { hook: K }>,
) => EvidenceDraft

export interface Hooks {
  on<H extends HookName>(hook: H, handler: Handler<H>): void
  tap(open: (transaction: Transaction) => Tap): void
  draft<K extends EvidenceEvent['hook']>(hook: K, drafter: Drafter<K>): void
}

/** What a plugin may ask of the house. */
export interface Services {
  /** `hsNN.kep.tr`, the only domain (with its sub-domains) that is ours. */
  readonly domain: string
  readonly provider: { readonly name: string; readonly serviceAddress: string }
  readonly profile: EvidenceProfile
  readonly settings: ServiceSettings
  /** An account of ours; undefined where there is none. */
  readonly accountOf: (address: string) => Promise<KepAccount | undefined>
  /** Octets that count against the account's quota now. */
  readonly usageOf: (address: string) => Promise<number>
  /** A provider (its own domain) to which mail can be relayed. */
  readonly isPeer: (provider: string) => boolean
  /** Room for octets that are looked at by offset and then discarded. */
  readonly scratch: Pick<BlobStore, 'create'>
  /** Something for the operator beside the verdict: a code of the plugin's own, never words of a message. */
  readonly noticed: (plugin: string, code: string) => void
}

/** The settings of the configuration that policies share. */
export interface ServiceSettings {
  readonly sizeLocal: number
  readonly sizePeer: number
  readonly recipients: number
  readonly localUnavailable: 'nondelivery' | 'refuse'
  readonly requireBes: boolean
  /** Which certificates may sign; `national`: a NES or an e-seal of the Turkish profile. */
  readonly certificates: 'any' | 'qualified' | 'national'
  readonly signerMustBeLogin: boolean
  /** Whether others may sign beside a person of the account. */
  readonly otherSigners: 'refuse' | 'allow'
  readonly revocation: 'require' | 'if-present'
  /** What is done about an e-Yazışma package whose container is not in order. */
  readonly eypContainer: 'off' | 'warn' | 'refuse'
}

export interface Plugin {
  readonly name: string
  /** Validates the plugin's own settings; throws ZodError. */
  readonly register: (hooks: Hooks, settings: unknown, services: Services) => void
}

export function definePlugin<S extends z.ZodType>(plugin: {
  name: string
  config: S
  register(hooks: Hooks, settings: z.output<S>, services: Services): void
}): Plugin {
  return {
    name: plugin.name,
    register: (hooks, settings, services) => plugin.register(hooks, plugin.config.parse(settings), services),
  }
}
