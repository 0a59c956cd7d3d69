/** Letters as mailboxes hold them: threads of a few, Turkish words in the encodings that programs choose. */

const SUBJECTS = [
  'Sözleşme taslağı',
  'İhale duyurusu',
  'Toplantı çağrısı',
  'Fatura',
  'Görüş yazısı',
  'İade talebi',
]
const WORDS =
  'sayın ilgili ekte sunulan belgenin incelenmesi ve görüşlerinizin bildirilmesi hususunda gereğini arz ederim kurumumuz tarafından yapılan değerlendirme sonucunda'.split(
    ' ',
  )
/** In one letter of a thousand. */
export const RARE_WORD = 'mukavelename'
const OF_THREAD = 4

/** The nth letter; always the same. */
export function letter(n: number): Buffer {
  const thread = Math.floor(n / OF_THREAD)
  const first = thread * OF_THREAD
  const answer = n > first
  const subject = `${answer ? 'Ynt: ' : ''}${SUBJECTS[thread % SUBJECTS.length]} ${thread}`
  const at = new Date(Date.UTC(2026, 0, 1) + n * 60_000).toUTCString().replace('GMT', '+0000')
  const text = Buffer.from(textOf(n))
  const header = [
    `From: =?utf-8?B?${base64(`Ayşe Gönderen ${n % 97}`)}?= <ayse${n % 97}@bench.example>`,
    `To: =?utf-8?Q?I=C5=9F=C4=B1k_Al=C4=B1c=C4=B1?= <isik@bench.example>, birim${n % 7}@bench.example`,
    `Subject: =?utf-8?B?${base64(subject)}?=`,
    `Date: ${at}`,
    `Message-ID: <${n}@bench.example>`,
    ...(answer
      ? [
          `In-Reply-To: <${n - 1}@bench.example>`,
          `References: <${first}@bench.example> <${n - 1}@bench.example>`,
        ]
      : []),
    'MIME-Version: 1.0',
    'Content-Type: multipart/mixed; boundary="sinir"',
  ]
  const html = `<html><body><p>${textOf(n).replaceAll('\r\n', '<br>\r\n')}</p></body></html>`
  const part = (type: string, encoding: string, body: string) =>
    `--sinir\r\nContent-Type: ${type}\r\nContent-Transfer-Encoding: ${encoding}\r\n\r\n${body}\r\n`
  return Buffer.from(
    `${header.join('\r\n')}\r\n\r\n` +
      part('text/plain; charset=utf-8', 'base64', lines(text.toString('base64'))) +
      part('text/html; charset=utf-8', 'quoted-printable', quoted(html)) +
      part(`application/octet-stream; name="ek-${n}.bin"`, 'base64', lines(base64(`ek ${n}`.repeat(40)))) +
      '--sinir--\r\n',
  )
}

/** A notice of one line: what boxes of many messages are full of. */
export const notice = (n: number): Buffer =>
  Buffer.from(
    `From: bildirim@bench.example\r\nTo: isik@bench.example\r\nSubject: Bildirim ${n}\r\nDate: Thu, 01 Jan 2026 08:20:00 +0000\r\nMessage-ID: <b${n}@bench.example>\r\n\r\nBildirim ${n}\r\n`,
  )

function textOf(n: number): string {
  const words = Array.from({ length: 80 }, (_, i) => WORDS[(n * 31 + i * i * 7) % WORDS.length])
  if (n % 1_000 === 500) words[40] = RARE_WORD
  return words.join(' ').replace(/(.{60,72}) /g, '$1\r\n')
}

const base64 = (text: string): string => Buffer.from(text).toString('base64')
const lines = (text: string): string => text.replace(/.{76}/g, '$&\r\n')
const quoted = (text: string): string =>
  Buffer.from(text.replaceAll('=', '=3D'))
    .toString('latin1')
    .replace(/[\x80-\xff]/g, (octet) => `=${octet.charCodeAt(0).toString(16).toUpperCase()}`)
    .replace(/(?:=[0-9A-F]{2}|[^\r\n=]){60,70}(?=[^\r\n])/g, '$&=\r\n')
