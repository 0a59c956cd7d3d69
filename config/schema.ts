/**
 * Every setting, documented where it is declared. A setting works when absent unless the field says otherwise.
 * What the rules leave unverified is a setting here and never a constant elsewhere.
 */
import { z } from 'zod'
import { archive } from './archive.ts'
import { directory } from './directory.ts'
import { login } from './login.ts'
import { notify } from './notify.ts'
import { peerEntry, relay } from './relay.ts'
import { signing } from './signing.ts'
import { retention, storage } from './storage.ts'
import { tariff } from './tariff.ts'
import {
  file,
  hostOrAddress,
  ISTANBUL,
  keyPair,
  loopback,
  network,
  octets,
  oid,
  providerDomain,
  span,
  timeZone,
} from './values.ts'

export { octetsOf } from './values.ts'

const switchedListener = (port: number) =>
  z.strictObject({
    /** 0 lets the system choose; the ready line tells which. */
    port: z.number().int().min(0).max(65_535).default(port),
    host: z.array(z.string().min(1)).min(1).default(['127.0.0.1', '::1']),
  })

const listener = (port: number) => switchedListener(port).prefault({})

const limits = z
  .strictObject({
    /** Connections in all, over every listener. */
    connections: z.number().int().positive().default(2000),
    /** Per IPv4 address or IPv6 /64. */
    connectionsPerIp: z.number().int().positive().default(100),
    /** Sessions logged in to one account. */
    connectionsPerAccount: z.number().int().positive().default(50),
    /** A connection that has not logged in by then is closed. */
    loginTime: span.default(60_000),
    /** Threads that judge large lists, evidence and signatures beside the loop; one a core less one where it is not said. */
    trustThreads: z.number().int().positive().max(256).optional(),
    recipients: z.number().int().positive().default(1000),
    mimeParts: z.number().int().positive().default(10_000),
    mimeDepth: z.number().int().positive().default(64),
    headerOctets: octets.default(1_048_576),
    /** Octets a second that a client must send while we wait for a message, averaged over `rateWindow`. */
    minimumRate: octets.default(1024),
    rateWindow: span.default(30_000),
    /** An SMTP session without any step forward (login, MAIL, RCPT, message) for so long is over; RFC 5321 asks for 5 min. */
    idleTime: span.default(10 * 60_000),
    /** Messages that one account, and one IPv4 address or IPv6 /64, may begin in a minute; as many as there is room for where it is not said. */
    messagesPerMinute: z
      .strictObject({
        perAccount: z.number().int().positive().optional(),
        perIp: z.number().int().positive().optional(),
      })
      .prefault({}),
    /** Unanswered commands and errors in one SMTP session before it is closed. */
    smtpErrors: z.number().int().positive().default(20),
    /**
     * What a process had in hand when it died is given to another after this time. Longer than any step takes; a shorter one
     * makes work be done twice, to the same effect.
     */
    workLease: span.default(5 * 60_000),
  })
  .prefault({})

const submission = z
  .strictObject({
    /** Octets of a message when every recipient is ours. */
    sizeLocal: octets.default(100_000_000),
    /** Octets of a message when any recipient is a peer's. */
    sizePeer: octets.default(25_000_000),
    /** The same submission within this time is answered with the first id, and makes nothing new. */
    dedupWindow: span.default(72 * 3_600_000),
    /** Ask for CAdES-BES (an ESS signing-certificate attribute); ordinary mail clients do not write one. */
    requireBes: z.boolean().default(false),
    /** Which certificates may sign: any that an anchor for users stands behind; those stated as qualified; of these, NES and e-seals of the Turkish profile. */
    certificates: z.enum(['any', 'qualified', 'national']).default('any'),
    /** Refuse a signer who is another authorised person of the account than the one who logged in. */
    signerMustBeLogin: z.boolean().default(false),
    /** Signers who are no persons of the account, beside one who is: refused, or allowed where their signatures hold too. */
    otherSigners: z.enum(['refuse', 'allow']).default('refuse'),
    /** Rejection evidence per account and hour; refusals beyond it are told but not evidenced. */
    rejectionsPerHour: z.number().int().nonnegative().default(60),
  })
  .prefault({})

const trust = z.strictObject({
  /** Anchors for account holders' certificates. */
  users: z.array(file).min(1),
  /** Anchors for providers' certificates (işlem sertifikası). */
  providers: z.array(file).min(1),
  /** Anchors for time-stamping authorities. */
  tsas: z.array(file).min(1),
  /** Trusted lists (TS 119 612): whom they approve for a role is believed beside the anchors of that role. */
  lists: z
    .array(
      z.strictObject({
        /** As the supervisory body publishes it. Fetch it in good time and reload: one that is outdated stops a start. */
        file,
        /** Certificates of the supervisory body; nobody else's signature on the list counts. */
        signers: z.array(file).min(1),
        roles: z.array(z.enum(['users', 'providers', 'tsas'])).min(1),
      }),
    )
    .default([]),
  /** Further places to fetch CRLs from; those named in certificates of a trusted issuer are used without this. */
  crls: z.array(z.url({ protocol: /^https?$/ })).default([]),
  /**
   * Certificates lead us to public addresses only, and what they name elsewhere is not asked. These names and addresses are
   * asked all the same: a CA's mirror in the provider's own network.
   */
  privateHosts: z.array(hostOrAddress).default([]),
  /** Hosts from which certificates of issuers are fetched that a message left out; none where empty. */
  aiaHosts: z.array(hostOrAddress).default([]),
})

const revocation = z
  .strictObject({
    /** Without an answer: `require` tells the client to try again (451), `if-present` goes on and says so. */
    policy: z.enum(['require', 'if-present']).default('require'),
    /**
     * A CRL older than this is fetched again even before its nextUpdate, and says nothing good of a message's signer: an OCSP
     * response produced after DATA began does.
     */
    maxAge: span.default(24 * 3_600_000),
    /**
     * A message's signers are judged again so long after its acceptance: by then a revocation that was asked for before it has
     * been published. One dated before the acceptance is stated beside the evidence, and told to the operator.
     */
    grace: span.default(24 * 3_600_000),
    ocsp: z
      .strictObject({
        /** The digest by which requests name certificates; it proves nothing, and most responders know SHA-1 alone. [RFC 5019 §2.1.1] */
        certId: z.enum(['sha1', 'sha256']).default('sha1'),
        /** `send`: an answer that repeats the nonce must repeat ours; `require`: it must repeat it; many responders never do. */
        nonce: z.enum(['off', 'send', 'require']).default('send'),
      })
      .prefault({}),
  })
  .prefault({})

const tsa = z.strictObject({
  /** RFC 3161 over HTTP, asked in this order. */
  urls: z.array(z.url({ protocol: /^https?$/ })).min(1),
  timeout: span.default(10_000),
  /** Addresses among `urls` that want to know their customer the way Kamu SM does. */
  accounts: z
    .array(
      z.strictObject({
        url: z.url({ protocol: /^https?$/ }),
        customer: z.number().int().positive(),
        passwordFile: file,
      }),
    )
    .default([]),
  /** What tokens must be to be taken, of addresses among `urls`; a token that is not counts as a failure of that TSA. */
  demands: z
    .array(
      z.strictObject({
        url: z.url({ protocol: /^https?$/ }),
        /** OIDs of the TSA's policies: the first is asked for, any of them is taken; absent: any at all. */
        policies: z.array(oid).min(1).max(16).optional(),
        /** What a token vouches for around its time, at the most; one that says nothing is not taken then. */
        maxAccuracy: span.optional(),
      }),
    )
    .default([]),
  /** Fewer stamps left than this and the operator is warned. */
  lowCredit: z.number().int().nonnegative().default(10_000),
  /** Older unstamped evidence than this and submissions are told to wait. */
  maxBacklogAge: span.default(15 * 60_000),
  /** More evidence than this waiting for a stamp and submissions are told to wait. */
  maxBacklog: z.number().int().positive().default(10_000),
})

const evidence = z
  .strictObject({
    /** The version attribute. */
    version: z.string().default('2.1.1'),
    policyIds: z.array(z.string().min(1)).min(1).default(['urn:oid:2.16.792.3.0.1.1']),
    /** What makes a message read: an octet of its content sent, or \Seen set. */
    retrieval: z.enum(['content', 'seen']).default('content'),
    /** When an unread message counts as expired; hours after delivery. */
    deemedReadHours: z.number().positive().default(24),
    /** How a person is named in evidence. */
    personId: z.enum(['name', 'number']).default('name'),
    /** Years that evidence is kept. */
    retentionYears: z.number().int().min(20).default(20),
    /** Years that evidence about an e-Tebligat is kept. [Elektronik Tebligat Yönetmeliği 30617; secondary sources] */
    servingRetentionYears: z.number().int().min(30).default(30),
  })
  .prefault({})

const envelope = z
  .strictObject({
    /** Which envelopes carry a signature time-stamp. */
    timestamp: z.enum(['all', 'dispatch', 'none']).default('all'),
    /** Set before the subject of a dispatch. */
    dispatchPrefix: z.string().default('KEP: '),
  })
  .prefault({})

const eyp = z
  .strictObject({
    /** An e-Yazışma package whose container is not in order: not looked at, told to the operator, or refused with evidence. */
    container: z.enum(['off', 'warn', 'refuse']).default('warn'),
  })
  .prefault({})

const eTebligat = z
  .strictObject({
    /** A notice is served at the end of so many days after the day it reached the address. [7201 sayılı Kanun m. 7/a] */
    days: z.number().int().nonnegative().max(365).default(5),
    /** Whose days these are. */
    zone: timeZone.default(ISTANBUL),
  })
  .prefault({})

/** A plugin by its name, or with settings of its own. Order is the order in which they are asked. */
const plugin = z.union([
  z.string().min(1),
  z.strictObject({ name: z.string().min(1), settings: z.record(z.string(), z.unknown()) }),
])

const accounts = z
  .strictObject({
    /** Whether an address must have one of the forms that the directory rules name for its holder. */
    addressForms: z.enum(['check', 'free']).default('check'),
    /** Months of the calendar that a closed account stays readable. */
    closedMonths: z.number().int().min(3).max(120).default(3),
    /** Where the days begin and end by which such terms are counted. */
    zone: timeZone.default(ISTANBUL),
  })
  .prefault({})

export const configSchema = z.strictObject({
  /** `production` refuses development keys, anchors, TSA and password. */
  mode: z.enum(['development', 'production']),
  provider: z.strictObject({
    domain: providerDomain,
    /** The provider's name as people and evidence read it. */
    name: z.string().min(1),
    /** Default: kep@<domain>. The envelope certificate carries this address. */
    serviceAddress: z.email().optional(),
    /** Where holders of accounts find help (mailto:, tel: or https:), as mail clients show it; IMAP's /shared/admin. */
    contact: z.url({ protocol: /^(?:mailto|tel|https)$/ }).optional(),
  }),
  listen: z
    .strictObject({
      submissions: listener(10_465),
      submission: listener(10_587),
      /** Where other providers deliver. */
      peer: listener(10_025),
      imaps: listener(10_993),
      imap: listener(10_143),
      http: listener(10_080),
      /** Submission and IMAP for clients that log in by certificate (EXTERNAL); absent: there are none. */
      submissionsExternal: switchedListener(10_466).optional(),
      imapsExternal: switchedListener(10_994).optional(),
      /** Balancers before submission and IMAP, as 192.0.2.0/28: they must say whom they bring, by the PROXY protocol 1 or 2. */
      balancers: z.array(network).default([]),
    })
    .prefault({}),
  /** The admin API beside its socket; absent: the socket alone. */
  api: z
    .strictObject({
      port: z.number().int().min(0).max(65_535).default(10_081),
      /** Loopback only: who is elsewhere comes through a proxy that brings TLS. */
      host: z.array(loopback).min(1).default(['127.0.0.1', '::1']),
      /** Who may ask, by name, and a file with the token of each: 32 characters or more. */
      tokens: z.array(z.strictObject({ name: z.string().regex(/^[a-z0-9-]{1,40}$/), file })).min(1),
    })
    .optional(),
  tls: keyPair,
  login,
  signing,
  trust,
  revocation,
  tsa,
  limits,
  submission,
  recipients: z
    .strictObject({
      /** An unknown local recipient: accepted and answered with evidence, or refused at RCPT. */
      localUnavailable: z.enum(['nondelivery', 'refuse']).default('nondelivery'),
    })
    .prefault({}),
  evidence,
  archive,
  envelope,
  eyp,
  eTebligat,
  /** Notices of new mail to the persons who want them; absent: none. */
  notify: notify.optional(),
  /** The providers with which mail is exchanged, beside those that `kepctl peer add` stored. */
  peers: z.array(peerEntry).default([]),
  relay,
  accounts,
  directory,
  /** What sending costs; absent: nothing. */
  tariff: tariff.optional(),
  quota: z
    .strictObject({
      /** Octets of an account that is made without saying. */
      default: octets.default(100_000_000),
      /** Shares in % at which a holder is told how full the box is. */
      warnAt: z.array(z.number().int().min(1).max(100)).max(10).default([80, 95, 100]),
    })
    .prefault({}),
  storage,
  retention,
  search: z
    .strictObject({
      /**
       * Filters beside messages by which SEARCH TEXT and BODY pass over what they do not hold: for accounts that chose them
       * (`account`), or for nobody.
       */
      index: z.enum(['account', 'off']).default('account'),
    })
    .prefault({}),
  log: z
    .strictObject({ level: z.enum(['debug', 'info', 'warn', 'error', 'silent']).default('info') })
    .prefault({}),
  plugins: z
    .array(plugin)
    .min(1)
    .default([
      'account-may-send',
      'sender-is-account',
      'recipients-are-kep',
      'size-limit',
      'quota',
      'wire-format',
      'header-form',
      'no-automatic-mail',
      'parties-match',
      'user-signature',
      'user-certificate',
      'signer-of-account',
      'protected-headers',
      'message-type',
      'e-yazisma-package',
      'e-tebligat-sender',
      'evidence-submission-acceptance',
      'evidence-submission-rejection',
      'evidence-delivery',
      'evidence-non-delivery',
      'evidence-retrieval',
      'evidence-retrieval-expiration',
      'evidence-relay',
      'evidence-relay-failure',
      'evidence-peer-silence',
    ]),
})

export type Config = z.output<typeof configSchema>
export type ConfigInput = z.input<typeof configSchema>
