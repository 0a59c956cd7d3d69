/** Signed mail: the signature of a user, and a file that is verified with everything in it. */
import { signEnclosed } from '../../../evidence/cms/sign.ts'
import { shapeOf as peerShapeOf } from '../../../evidence/peer/shape.ts'
import { SignedPartDigest } from '../../../evidence/smime/signed-part-digest.ts'
import { type OpenRange, readUserSignature } from '../../../evidence/smime/user-signature.ts'
import { verifyFile } from '../../../evidence/verify/verify-file.ts'
import { base64Lines } from '../../../mail/base64-lines.ts'
import { MimeIndexer } from '../../../mail/mime-index.ts'
import { dispatchOf, receiptFor, trustOptions, userMessage } from '../../../test/fakes/evidence.ts'
import { mimeShapes } from '../../../test/fakes/mime-shapes.ts'
import { pki } from '../../../test/fakes/pki.ts'
import { Broken, shapeOf, type Target } from '../target.ts'

async function opaqueMessage(body: Buffer): Promise<Buffer> {
  const cms = await signEnclosed(body, { signer: pki().user.signer, signingTime: new Date() })
  const header =
    'From: a@hs98.kep.tr\r\nContent-Type: application/pkcs7-mime; smime-type=signed-data\r\nContent-Transfer-Encoding: base64\r\n\r\n'
  return Buffer.from(header + base64Lines(cms))
}

export const smime: Target = {
  name: 'smime',
  kind: 'mail',
  weight: 2,
  async seeds() {
    const nested = mimeShapes.get('nested multipart') ?? Buffer.alloc(0)
    return [
      await userMessage('Merhaba\r\n'),
      await opaqueMessage(nested),
      await dispatchOf(await userMessage('x')),
    ]
  },
  async run(input) {
    const octets = Buffer.from(input)
    const indexer = new MimeIndexer()
    const digest = new SignedPartDigest(indexer)
    const step = 1 + (octets.length % 211)
    for (let at = 0; at < octets.length; at += step) {
      const piece = octets.subarray(at, at + step)
      indexer.push(piece)
      digest.push(piece)
    }
    const index = indexer.end()
    const [first] =
      index.root.type === 'multipart' && index.root.subtype === 'signed' ? index.root.children : []
    const known = digest.end(first && { start: first.headerStart, end: first.bodyEnd })
    const open: OpenRange = async function* ({ start, end }) {
      yield octets.subarray(start, end)
    }
    const [streamed, later] = [
      await readUserSignature(index, known, open),
      await readUserSignature(index, undefined, open),
    ]
    const [a, b] = [streamed, later].map((one) =>
      'report' in one ? one.report.signers.map(({ failure }) => failure ?? 'ok').join() : one.form,
    )
    if (a !== b) throw new Broken(`the digest of the signed part differs: ${a} while it came, ${b} later`)
    return `${streamed.form} ${a} ${(await peerShapeOf(index, open)).kind}`
  },
  growth: [],
}

export const message: Target = {
  name: 'message',
  kind: 'mail',
  weight: 1,
  async seeds() {
    const original = await userMessage('Merhaba\r\n')
    return [await dispatchOf(original), await receiptFor(original), original]
  },
  async run(input) {
    const report = await verifyFile({ name: 'x.eml', octets: input }, trustOptions())
    return `${report.kind} ${report.verdict} ${report.subIndication} ${shapeOf(report.signatures.map(({ detail }) => detail ?? '').join())}`
  },
  growth: [],
}
