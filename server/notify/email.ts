import { createTransport } from 'nodemailer'
import type { NotifySettings } from '../../config/notify.ts'
import { codeOf, NoticeError, type NoticeSender } from './sender.ts'
import { noticeText } from './text.ts'

const ATOM = "[\\w#$&'*+/=?^`{|}~-]+"
const LABEL = '[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?'
/**
 * One address, and nothing by which it could become several: Dot-string @ Domain [RFC 5321 §4.1.2], without the signs by
 * which old mail systems read a route into the first half (`%`, `!`).
 */
export const EMAIL_ADDRESS: RegExp = new RegExp(
  `^(?=[^@]{1,64}@.{1,255}$)${ATOM}(?:\\.${ATOM})*@${LABEL}(?:\\.${LABEL})*$`,
)

/** A connection on which nothing comes for so long is closed, also where nobody waits for it any more. */
const SILENCE_MS = 20_000

export interface EmailSecrets {
  readonly ca: readonly string[]
  readonly password: string | undefined
}

/** Ordinary e-mail by the configured mail system, a connection each. */
export function emailSender(
  { host, port, tls, from, auth, subject, text }: NonNullable<NotifySettings['email']>,
  { ca, password = '' }: EmailSecrets,
): NoticeSender {
  return {
    async send(to, about, signal) {
      if (!EMAIL_ADDRESS.test(to)) throw new NoticeError('ADDRESS', true)
      const transport = createTransport({
        host,
        port,
        secure: tls === 'implicit',
        requireTLS: tls === 'starttls',
        ignoreTLS: tls === 'none',
        ...(auth === undefined ? {} : { auth: { user: auth.user, pass: password } }),
        ...(ca.length === 0 ? {} : { tls: { ca: [...ca] } }),
        connectionTimeout: SILENCE_MS,
        greetingTimeout: SILENCE_MS,
        socketTimeout: SILENCE_MS,
        disableFileAccess: true,
        disableUrlAccess: true,
      })
      const aborted = Promise.withResolvers<never>()
      const stop = () => aborted.reject(new NoticeError('TOO_SLOW', false))
      signal.addEventListener('abort', stop, { once: true })
      try {
        const sent = transport.sendMail({
          from,
          to: { name: '', address: to },
          envelope: { from, to: [to] },
          subject: noticeText(subject, about),
          text: noticeText(text, about),
          xMailer: false,
          headers: { 'Auto-Submitted': 'auto-generated' }, // [RFC 3834 §5]
        })
        sent.catch(() => {}) // after its time it may still fail
        await Promise.race([sent, aborted.promise])
      } catch (error) {
        if (error instanceof NoticeError) throw error
        const reply =
          error instanceof Error && 'responseCode' in error && typeof error.responseCode === 'number'
            ? error.responseCode
            : 0
        // A login that is refused is the operator's to mend, and then it is sent.
        const final = reply >= 500 && codeOf(error) !== 'EAUTH'
        throw new NoticeError(reply === 0 ? codeOf(error) : `${reply}`, final)
      } finally {
        signal.removeEventListener('abort', stop)
        transport.close()
      }
    },
  }
}
