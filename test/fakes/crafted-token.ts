/** Time-stamp tokens that our own authority would not make. */
import { OID } from '../../evidence/asn1/oid.ts'
import { encode, generalizedTime, integer, octetString, oid, sequence } from '../../evidence/asn1/writer.ts'
import { signEnclosed } from '../../evidence/cms/sign.ts'
import { writeImprint } from '../../evidence/tsa/request.ts'
import { extension } from '../../evidence/x509/extensions.ts'
import { pki } from './pki.ts'
import { TSA_POLICY } from './tsa.ts'

/** Says that it is qualified, as such authorities do. [EN 319 422 §9.1] */
export const qualifiedStamp = (critical = false): Uint8Array =>
  extension(OID.qcStatements, critical, sequence(sequence(oid('0.4.0.19422.1.1'))))

/** @param extensions of TSTInfo; where one is repeated, it stands there twice */
export const tokenWith = (imprint: Uint8Array, ...extensions: Uint8Array[]): Promise<Uint8Array> =>
  signEnclosed(
    sequence(
      integer(1),
      oid(TSA_POLICY),
      writeImprint('sha256', imprint),
      integer(5),
      generalizedTime(new Date()),
      encode(0xa1, Buffer.concat(extensions)),
    ),
    { contentType: OID.tstInfo, signer: pki().tsa.signer, signingTime: new Date() },
  )

export const unknownExtension = (critical: boolean): Uint8Array =>
  extension('1.2.3', critical, octetString(Uint8Array.of(1)))
