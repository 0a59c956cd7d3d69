import type { SaslContext, SaslOffer } from './context.ts'
import { external } from './external.ts'
import type { SaslExchange } from './mechanism.ts'
import { oauthbearer } from './oauthbearer.ts'
import { plain } from './plain.ts'
import { scram } from './scram.ts'

interface Listener {
  readonly offer: SaslOffer
  /** Clients log in by certificate, and by nothing else. */
  readonly byCertificate: boolean
}

interface Mechanism {
  readonly name: string
  readonly isOffered: (listener: Listener) => boolean
  /** undefined for what is not offered. */
  readonly begin: (context: SaslContext) => SaslExchange | undefined
}

/** The strongest first, since many a client takes the first that it knows. */
const MECHANISMS: readonly Mechanism[] = [
  {
    name: 'SCRAM-SHA-256-PLUS',
    isOffered: ({ offer, byCertificate }) => offer.scram && offer.channelBinding && !byCertificate,
    begin: (context) => scram(context, true),
  },
  {
    name: 'SCRAM-SHA-256',
    isOffered: ({ offer, byCertificate }) => offer.scram && !byCertificate,
    begin: (context) => scram(context, false),
  },
  { name: 'EXTERNAL', isOffered: ({ byCertificate }) => byCertificate, begin: external },
  {
    name: 'OAUTHBEARER',
    isOffered: ({ offer, byCertificate }) => offer.tokens !== undefined && !byCertificate,
    begin: (context) => context.offer.tokens && oauthbearer(context, context.offer.tokens),
  },
  { name: 'PLAIN', isOffered: ({ byCertificate }) => !byCertificate, begin: plain },
]

/** By which clients of a listener log in once there is TLS. */
export const mechanismsOf = (listener: Listener): string[] =>
  MECHANISMS.filter(({ isOffered }) => isOffered(listener)).map(({ name }) => name)

/** @param name in upper case; undefined for what is not offered, and before there is TLS [RFC 8314 §3] */
export function beginExchange(name: string, context: SaslContext): SaslExchange | undefined {
  if (context.channel === undefined) return undefined
  const listener = { offer: context.offer, byCertificate: context.byCertificate !== undefined }
  return MECHANISMS.find((one) => one.name === name && one.isOffered(listener))?.begin(context)
}
