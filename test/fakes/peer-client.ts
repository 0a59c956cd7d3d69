/** A peer's mail system as it hands in mail: SMTP, STARTTLS, a client certificate where it has one. */
import { connect as connectPlain } from 'node:net'
import { connect as connectTls } from 'node:tls'
import { privateKeyPem } from '../../evidence/keys/generate.ts'
import { toPem } from '../../evidence/x509/certificate.ts'
import { type SmtpSession, speakOn, type Where } from '../../scripts/client/smtp-session.ts'
import { LineClient } from './dialogue.ts'
import type { Holder } from './pki.ts'

export interface PeerSession extends SmtpSession {
  /** What EHLO answered behind TLS. */
  readonly offered: string
}

/** Behind STARTTLS, EHLO said. */
export async function openPeerSession({ port, ca }: Where, client?: Holder): Promise<PeerSession> {
  const plain = connectPlain(port, '127.0.0.1')
  const lines = new LineClient(plain)
  await lines.until('220 ')
  lines.send('EHLO posta.hs99.kep.tr\r\n')
  await lines.until('250 ')
  lines.send('STARTTLS\r\n')
  await lines.until('220 ')
  plain.removeAllListeners('data')
  const socket = connectTls({ socket: plain, servername: 'localhost', ca, ...(client && tlsOf(client)) })
  socket.on('error', () => {}) // a connection that is cut shows as a reply that never comes
  const session = speakOn(socket)
  const offered = await session.command('EHLO posta.hs99.kep.tr')
  return { ...session, offered }
}

export const tlsOf = ({ key, certificate, signer }: Holder) => ({
  key: privateKeyPem(key),
  cert: [certificate, ...signer.chain].map(({ der }) => toPem('CERTIFICATE', der)).join(''),
})
