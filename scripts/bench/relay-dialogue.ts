import SMTPConnection from 'nodemailer/lib/smtp-connection'
import { loadConfig } from '../../config/load.ts'
import { connectTo } from '../../server/relay/outbound/connect.ts'
import { PeerConnection } from '../../server/relay/outbound/peer-connection.ts'
import { connectPartsOf, readOutbound } from '../../server/relay/outbound/settings.ts'
import { SMTP_TIMES } from '../../server/relay/outbound/smtp-times.ts'
import { peerOf, readPeerFiles } from '../../server/relay/peer-entry.ts'
import { LIVE, type RelayProvider } from './relay-provider.ts'

/** Messages a second over one connection, from memory: the dialogue by itself, without queue and store. */
export interface DialogueRates {
  readonly plain: number
  readonly tls: number
}

/** @param plainPort of the server behind the front */
export async function measureDialogue(
  provider: RelayProvider,
  plainPort: number,
  count: number,
): Promise<DialogueRates> {
  const config = loadConfig(await provider.config(1))
  const entry = config.peers.find((one) => one.provider === LIVE)
  if (entry === undefined) throw new Error('the live peer is not configured')
  const peer = peerOf(await readPeerFiles(entry), 'configuration')
  const outbound = await readOutbound(config)
  const connect = connectPartsOf(() => outbound)
  const rate = async (open: () => Promise<PeerConnection>): Promise<number> => {
    await run(open, provider, 100) // warm-up
    const began = performance.now()
    await run(open, provider, count)
    return (count * 1000) / (performance.now() - began)
  }
  return {
    plain: await rate(() => openPlain(plainPort)),
    tls: await rate(() => connectTo(peer, connect)),
  }
}

async function run(open: () => Promise<PeerConnection>, { template }: RelayProvider, count: number) {
  const { dispatch, send } = template
  let connection = await open()
  for (let sent = 0; sent < count; sent++) {
    if (!connection.usable) {
      connection.quit()
      connection = await open()
    }
    const result = await connection.send({
      from: 'bounce@hs98.kep.tr',
      to: [`deneme.alici@${LIVE}`],
      size: dispatch.length,
      eightBit: send.eightBit,
      content: async function* () {
        yield dispatch
      },
      beforeLast: async () => {},
    })
    if (result.kind !== 'answered') throw new Error(result.details)
  }
  connection.quit()
}

async function openPlain(port: number): Promise<PeerConnection> {
  const smtp = new SMTPConnection({ host: '127.0.0.1', port, ignoreTLS: true })
  const { promise, resolve, reject } = Promise.withResolvers<void>()
  smtp.on('error', reject)
  smtp.connect((error) => (error ? reject(error) : resolve()))
  await promise
  return new PeerConnection(smtp, { fingerprint: '', by: '' }, { sizeLimit: Infinity }, SMTP_TIMES)
}
