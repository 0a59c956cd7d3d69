/** How long each part of a dialogue may take, in ms. Tests bring shorter ones. */
export interface SmtpTimes {
  /** One place: connecting, TLS, greeting and EHLO. */
  readonly connect: number
  /** All places of a peer together. */
  readonly setup: number
  /** MAIL, every RCPT and the answer to DATA, however many recipients. */
  readonly envelope: number
  /** Between two pieces of the message: the peer takes nothing any more. */
  readonly block: number
  /** The whole message up to its last piece. */
  readonly transfer: number
  /** From the last piece to the answer. */
  readonly ending: number
  /** QUIT and RSET: after that the connection is simply dropped. */
  readonly leaving: number
  /** A connection on which nothing was sent for so long is left, before the peer grows tired of it. */
  readonly idle: number
}

/** Greeting and MAIL 5 min, a block of data 3 min, the answer after the last dot 10 min. [RFC 5321 §4.5.3.2] */
export const SMTP_TIMES: SmtpTimes = {
  connect: 2 * 60_000,
  setup: 5 * 60_000,
  envelope: 5 * 60_000,
  block: 3 * 60_000,
  transfer: 8 * 60_000,
  ending: 10 * 60_000,
  leaving: 5_000,
  idle: 10_000,
}

/**
 * A row belongs to its attempt for longer than all parts of one together, so that nobody else sends what is on its way.
 * A process that starts again does not wait for this.
 */
export const LEASE_MS = 35 * 60_000

/** More messages than this over one connection hide from a peer that its load balancer has moved. */
export const MESSAGES_PER_CONNECTION = 100

/** The longest answer that is read: EHLO with every extension known stays far below. */
export const MAX_RESPONSE_OCTETS = 64 * 1024
