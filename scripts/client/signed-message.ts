import { hash } from 'node:crypto'
import { type Signer, signDetached } from '../../evidence/index.ts'
import { base64Lines } from '../../mail/base64-lines.ts'

/** A message as a client signs it: `header` (complete lines) around `part` (with its own MIME header), octet for octet. */
export async function signMessage(signer: Signer, header: string, part: Buffer): Promise<Buffer> {
  const cms = await signDetached({
    digest: hash(signer.hash, part, 'buffer'),
    signer,
    signingTime: new Date(),
  })
  return multipartSigned(header, part, base64Lines(cms))
}

/** [RFC 1847 §2.1] The CRLF before a boundary is the boundary's: `signedPart` stays as it is. */
export function multipartSigned(
  header: string,
  signedPart: Buffer,
  signature: string,
  boundary = 'imza-siniri',
): Buffer {
  return Buffer.concat([
    Buffer.from(
      `${header}MIME-Version: 1.0\r\nContent-Type: multipart/signed; protocol="application/pkcs7-signature";\r\n` +
        ` micalg=sha-256; boundary="${boundary}"\r\n\r\n--${boundary}\r\n`,
    ),
    signedPart,
    Buffer.from(
      `\r\n--${boundary}\r\nContent-Type: application/pkcs7-signature; name=smime.p7s\r\n` +
        `Content-Transfer-Encoding: base64\r\n\r\n${signature}\r\n--${boundary}--\r\n`,
    ),
  ])
}
