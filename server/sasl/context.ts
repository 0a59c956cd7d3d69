import type { LoginSettings } from '../../config/login.ts'
import type { LoginDesk } from '../accounts/login.ts'
import type { ShownCertificate } from '../accounts/shown-certificate.ts'
import type { TokenJudge } from '../oauth/token-judge.ts'
import type { Channel } from './channel.ts'

/** What a provider offers beside PLAIN. */
export interface SaslOffer {
  readonly scram: boolean
  /** SCRAM also in the form that is bound to the TLS connection. */
  readonly channelBinding: boolean
  /** Judges tokens; undefined: nobody logs in by one. */
  readonly tokens: TokenJudge | undefined
}

export const saslOfferOf = (
  { scram, channelBinding }: LoginSettings,
  tokens: TokenJudge | undefined,
): SaslOffer => ({ scram: scram === 'on', channelBinding, tokens })

/** Who is at the other end, and who decides. */
export interface SaslContext {
  readonly desk: Pick<LoginDesk, 'check' | 'checkCertificate' | 'checkProof' | 'checkToken' | 'saltOf'>
  readonly offer: SaslOffer
  readonly ip: string
  readonly service: 'imap' | 'smtp'
  /** undefined without TLS, and then nobody logs in. */
  readonly channel: Channel | undefined
  /** Clients log in by what they showed in TLS, and by nothing else; undefined: not by that. */
  readonly byCertificate: { readonly shown: ShownCertificate | undefined } | undefined
}
