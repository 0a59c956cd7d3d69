/** Messages as a mailbox of the field has them: parts, messages in messages, and signed ones. */
import { mimeShapes } from '../../../test/fakes/mime-shapes.ts'

const HEADER = [
  'From: "Ayşe Işık" <a@hs98.kep.tr>',
  'To: grup: b@hs98.kep.tr, c@hs98.kep.tr;',
  'Date: Fri, 2 Jan 2026 03:04:05 +0300',
]
const text = (...lines: readonly string[]): Buffer => Buffer.from(`${lines.join('\r\n')}\r\n`)
/** Larger shapes only cost time. */
const MAX_OCTETS = 3000

export const MESSAGES: readonly Buffer[] = [
  text(...HEADER, 'Message-ID: <1@x>', 'Subject: =?utf-8?q?Say=C4=B1n?= ilgili', '', 'Merhaba'),
  text(...HEADER, 'Message-ID: <2@x>', 'In-Reply-To: <1@x>', 'Subject: Re: Sayın', '', 'Evet'),
  text(
    ...HEADER,
    'Message-ID: <3@x>',
    'References: <1@x> <2@x>',
    'MIME-Version: 1.0',
    'Content-Type: multipart/mixed; boundary=b',
    '',
    '--b',
    'Content-Type: text/plain; charset=windows-1254',
    'Content-Transfer-Encoding: quoted-printable',
    '',
    '=DE=FD=F0',
    '--b',
    'Content-Type: message/rfc822',
    '',
    'Subject: inside',
    'Content-Type: multipart/alternative; boundary=i',
    '',
    '--i',
    '',
    'one',
    '--i',
    'Content-Type: text/html',
    'Content-Transfer-Encoding: base64',
    '',
    'PGI+dHdvPC9iPg==',
    '--i--',
    '--b',
    'Content-Type: application/octet-stream; name=a.bin',
    'Content-Disposition: attachment; filename=a.bin',
    'Content-Transfer-Encoding: base64',
    '',
    'AAECAwQ=',
    '--b--',
  ),
  text(
    ...HEADER,
    'Content-Type: multipart/signed; protocol="application/pkcs7-signature"; micalg=sha-256; boundary=s',
    '',
    '--s',
    'Content-Type: text/plain',
    '',
    'signed',
    '--s',
    'Content-Type: application/pkcs7-signature; name=smime.p7s',
    'Content-Transfer-Encoding: base64',
    '',
    'MIAGCSqGSIb3DQEHAqCAMIACAQExAA==',
    '--s--',
  ),
  ...[...mimeShapes.values()].filter(({ length }) => length < MAX_OCTETS),
  Buffer.alloc(0),
  Buffer.from('no header at all'),
]
