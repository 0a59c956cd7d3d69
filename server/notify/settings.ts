import { readFile } from 'node:fs/promises'
import type { NotifySettings } from '../../config/notify.ts'
import { readPem } from '../key-files.ts'
import { emailSender } from './email.ts'
import type { NoticeChannel } from './notice.ts'
import type { NoticeSender } from './sender.ts'
import { httpSmsSender } from './sms-http.ts'
import { smppSender } from './sms-smpp.ts'

/** The ways that the configuration opens, with their files read. Rejects where a file cannot be. */
export async function readSenders(
  settings: NotifySettings | undefined,
): Promise<ReadonlyMap<NoticeChannel, NoticeSender>> {
  const senders = new Map<NoticeChannel, NoticeSender>()
  const { email, sms } = settings ?? {}
  if (email !== undefined)
    senders.set(
      'email',
      emailSender(email, {
        ca: await Promise.all(email.ca.map(readPem)),
        password: email.auth && (await readSecret(email.auth.passwordFile)),
      }),
    )
  if (sms?.http !== undefined) {
    const headers: Record<string, string> = {}
    for (const [name, file] of Object.entries(sms.http.secretHeaders)) headers[name] = await readSecret(file)
    senders.set(
      'sms',
      httpSmsSender(sms.http, sms.text, { ca: await Promise.all(sms.http.ca.map(readPem)), headers }),
    )
  }
  if (sms?.smpp !== undefined)
    senders.set(
      'sms',
      smppSender(sms.smpp, sms.text, {
        ca: await Promise.all(sms.smpp.ca.map(readPem)),
        password: await readSecret(sms.smpp.passwordFile),
      }),
    )
  return senders
}

const readSecret = async (file: string): Promise<string> => (await readFile(file, 'utf8')).trim()
