import { isIP } from 'node:net'
import smpp, { type Pdu, type Session } from 'smpp'
import type { NotifySettings } from '../../config/notify.ts'
import { codeOf, NoticeError, type NoticeSender } from './sender.ts'
import { NUMBER } from './sms-http.ts'
import { shortText } from './text.ts'

type SmppGateway = NonNullable<NonNullable<NotifySettings['sms']>['smpp']>

/** What is wrong with the number or the text, and would be again: length, destination. [SMPP 3.4 §5.1.3] */
const FINAL = new Set([0x01, 0x0b, 0x50])
const INTERNATIONAL = 1

/** Text messages by SMPP 3.4: bound, sent and unbound for each, so that no connection has to be kept alive. */
export function smppSender(
  { host, port, tls, systemId, source, sourceTon, sourceNpi }: SmppGateway,
  text: string,
  secrets: { readonly ca: readonly string[]; readonly password: string },
): NoticeSender {
  return {
    async send(to, about, signal) {
      if (!NUMBER.test(to)) throw new NoticeError('NUMBER', true)
      if (signal.aborted) throw new NoticeError('TOO_SLOW', false)
      const session = smpp.connect({
        host,
        port,
        tls,
        ...(tls && isIP(host) === 0 ? { servername: host } : {}),
        ...(secrets.ca.length === 0 ? {} : { ca: [...secrets.ca] }),
      })
      const broken = Promise.withResolvers<never>()
      broken.promise.catch(() => {}) // it breaks off in any case, when all is said
      const fail = (code: string) => broken.reject(new NoticeError(code, false))
      session.on('error', (error: unknown) => fail(codeOf(error)))
      session.on('close', () => fail('HUNG_UP'))
      // It asks whether we are still there; a server that hears nothing hangs up. [SMPP 3.4 §4.11]
      session.on('enquire_link', (pdu: Pdu) => session.send(pdu.response()))
      const stop = () => fail('TOO_SLOW')
      signal.addEventListener('abort', stop, { once: true })
      const within = <T>(step: Promise<T>): Promise<T> => Promise.race([step, broken.promise])
      try {
        await within(new Promise<void>((resolve) => session.once(tls ? 'secureConnect' : 'connect', resolve)))
        const bound = await within(
          asked(session, 'bind_transmitter', {
            system_id: systemId,
            password: secrets.password,
            interface_version: 0x34,
          }),
        )
        if (bound !== 0) throw new NoticeError(`SMPP_BIND_${bound.toString(16)}`, false)
        const taken = await within(
          asked(session, 'submit_sm', {
            source_addr: source,
            source_addr_ton: sourceTon,
            source_addr_npi: sourceNpi,
            destination_addr: to.replace('+', ''),
            dest_addr_ton: INTERNATIONAL,
            dest_addr_npi: 1,
            short_message: shortText(text, about),
          }),
        )
        if (taken !== 0) throw new NoticeError(`SMPP_${taken.toString(16)}`, FINAL.has(taken))
        session.unbind()
      } finally {
        signal.removeEventListener('abort', stop)
        session.socket.destroySoon()
      }
    },
  }
}

/** The status of the answer; waits for ever where there is none. */
const asked = (
  session: Session,
  command: 'bind_transmitter' | 'submit_sm',
  fields: object,
): Promise<number> =>
  new Promise((resolve) => {
    session[command](fields, ({ command_status }) => resolve(command_status))
  })
