import { signEnclosed } from '../../evidence/index.ts'
import { base64Lines } from '../../mail/base64-lines.ts'
import { signMessage } from '../client/signed-message.ts'
import type { Daemon } from './daemon.ts'
import { headerOf, SENDER, signerOf } from './transactions.ts'

export type Form = 'detached' | 'opaque'

/** Opaque signing adds a third: base64 around base64. */
const OPAQUE_SHARE = 0.73
const LINE = 'QUJDREVGR0hJSktMTU5PUFFSU1RVVldYWVphYmNkZWZnaGlqa2xtbm9wcXJzdHV2d3h5ejAx\r\n'

/** A signed message of about `octets` with one large attachment. */
export async function largeMessage(
  daemon: Pick<Daemon, 'folder'>,
  form: Form,
  octets: number,
): Promise<Buffer> {
  const signer = await signerOf(daemon, `dev/users/${SENDER}`)
  const head = Buffer.from(
    'Content-Type: application/octet-stream\r\nContent-Transfer-Encoding: base64\r\n\r\n',
  )
  const size = Math.floor(octets * (form === 'opaque' ? OPAQUE_SHARE : 1))
  const part = Buffer.concat([head, Buffer.alloc(size, LINE)])
  if (form === 'detached') return signMessage(signer, headerOf(0), part)
  const cms = await signEnclosed(part, { signer, signingTime: new Date() })
  const mime =
    'MIME-Version: 1.0\r\nContent-Type: application/pkcs7-mime; smime-type=signed-data; name=smime.p7m\r\n'
  return Buffer.from(
    `${headerOf(0)}${mime}Content-Transfer-Encoding: base64\r\n\r\n${base64Lines(cms)}\r\n`,
    'latin1',
  )
}
