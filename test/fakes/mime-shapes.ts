/** The nine valid S/MIME shapes that servers which rebuild messages break. Each is the signed part of a multipart/signed. */
const crlf = (...lines: string[]): string => lines.join('\r\n')

export const mimeShapes: ReadonlyMap<string, Buffer> = new Map(
  Object.entries({
    'part without headers': crlf('', 'only a body'),
    epilogue: crlf(
      'Content-Type: multipart/mixed; boundary=i',
      '',
      '--i',
      '',
      'a',
      '--i--',
      'an epilogue',
      'of two lines',
    ),
    preamble: crlf('Content-Type: multipart/mixed; boundary=i', '', 'a preamble', '--i', '', 'a', '--i--'),
    'trailing blank lines': crlf('Content-Type: text/plain', '', 'text', '', '', ''),
    'space after boundary': crlf(
      'Content-Type: multipart/mixed; boundary=i',
      '',
      '--i  ',
      '',
      'a',
      '--i-- \t',
    ),
    'nested multipart': crlf(
      'Content-Type: multipart/mixed; boundary=o',
      '',
      '--o',
      'Content-Type: multipart/alternative; boundary="o i"',
      '',
      '--o i',
      'Content-Type: text/plain',
      '',
      'a',
      '--o i',
      'Content-Type: text/html',
      '',
      '<p>a</p>',
      '--o i--',
      '--o',
      'Content-Type: application/pdf; name="=?utf-8?q?=C5=9F.pdf?="',
      'Content-Transfer-Encoding: base64',
      '',
      'JVBERi0=',
      '--o--',
      '',
    ),
    '8-bit body': crlf(
      'Content-Type: text/plain; charset=utf-8',
      'Content-Transfer-Encoding: 8bit',
      '',
      'ışğüöç İ',
      '',
    ),
    'lines over 998 octets': crlf('Content-Type: text/plain', '', 'x'.repeat(5000), 'y'.repeat(70_000), ''),
    'no CRLF before the boundary': crlf(
      'Content-Type: multipart/mixed; boundary=i',
      '',
      '--i',
      '--i',
      'X: y',
      '--i',
      '',
      '--i--',
    ),
  }).map(([name, text]) => [name, Buffer.from(text)]),
)

/** Wraps a signed part and its signature as multipart/signed, octet for octet. */
export function multipartSigned(
  header: string,
  signedPart: Buffer,
  signatureBase64: string,
  boundary = 'outer-boundary',
): Buffer {
  return Buffer.concat([
    Buffer.from(
      `${header}MIME-Version: 1.0\r\nContent-Type: multipart/signed; protocol="application/pkcs7-signature";\r\n` +
        ` micalg=sha-256; boundary="${boundary}"\r\n\r\n--${boundary}\r\n`,
    ),
    signedPart,
    Buffer.from(
      `\r\n--${boundary}\r\nContent-Type: application/pkcs7-signature; name=smime.p7s\r\n` +
        `Content-Transfer-Encoding: base64\r\n\r\n${signatureBase64}\r\n--${boundary}--\r\n`,
    ),
  ])
}
