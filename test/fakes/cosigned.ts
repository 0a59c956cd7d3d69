/** A message that several people signed: their SignerInfos side by side in one SignedData. [RFC 5652 §5.1] */
import { hash } from 'node:crypto'
import { OID } from '../../evidence/asn1/oid.ts'
import { readWhole } from '../../evidence/asn1/reader.ts'
import { contextConstructed, TAG } from '../../evidence/asn1/tag.ts'
import { integer, oid, retag, sequence, setOf, tagged } from '../../evidence/asn1/writer.ts'
import { signDetached } from '../../evidence/cms/sign.ts'
import type { Signer } from '../../evidence/ports.ts'
import { base64Lines } from '../../mail/base64-lines.ts'
import { multipartSigned } from '../../scripts/client/signed-message.ts'
import { headerOf, type MessageOptions, PLAIN_PART } from './mail-client.ts'

export async function cosignedMessage(
  signers: readonly Signer[],
  options: MessageOptions = {},
  part = PLAIN_PART,
): Promise<Buffer> {
  const all = await Promise.all(
    signers.map(async (signer) => {
      const digest = hash(signer.hash, part, 'buffer')
      return partsOf(await signDetached({ digest, signer, signingTime: new Date() }))
    }),
  )
  const signedData = sequence(
    integer(1),
    setOf(...all.flatMap(({ digests }) => digests)),
    sequence(oid(OID.data)),
    retag(contextConstructed(0), setOf(...all.flatMap(({ certificates }) => certificates))),
    setOf(...all.flatMap(({ infos }) => infos)),
  )
  const cms = sequence(oid(OID.signedData), tagged(0, signedData))
  return multipartSigned(headerOf(options), part, base64Lines(cms))
}

function partsOf(cms: Uint8Array) {
  const outer = readWhole(cms, 'der', TAG.sequence).open()
  outer.expect(TAG.oid)
  const data = outer.expect(contextConstructed(0)).open().expect(TAG.sequence).open()
  data.expect(TAG.integer)
  const [digests, , certificates, infos] = [
    data.expect(TAG.set),
    data.expect(TAG.sequence),
    data.expect(contextConstructed(0)),
    data.expect(TAG.set),
  ]
  const elements = (set: typeof digests) => [...set.open()].map(({ octets }) => octets)
  return { digests: elements(digests), certificates: elements(certificates), infos: elements(infos) }
}
