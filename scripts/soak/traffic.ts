import { setTimeout } from 'node:timers/promises'
import { signerOf } from '../bench/transactions.ts'
import { signMessage } from '../client/signed-message.ts'
import { openSmtpSession } from '../client/smtp-session.ts'
import { caOf, type SoakProvider } from './providers.ts'

const PASSWORD = 'deneme'
const SESSIONS = 4
const QUIET_MS = 240_000

/** A signed message as a client hands it in. */
export interface Mail {
  readonly octets: Buffer
  readonly to: readonly string[]
}

/** @param recipients of each message */
export async function prepare(
  provider: SoakProvider,
  from: string,
  recipients: readonly (readonly string[])[],
): Promise<Mail[]> {
  const signer = await signerOf(provider, `dev/users/${from}`)
  const part = Buffer.from(
    `Content-Type: text/plain; charset=utf-8\r\n\r\n${'Sayin ilgili, bir deneme.\r\n'.repeat(40)}`,
  )
  const all: Mail[] = []
  for (const [number, to] of recipients.entries()) {
    const date = new Date().toUTCString().replace('GMT', '+0000')
    const header = `From: ${from}\r\nTo: ${to.join(', ')}\r\nSubject: ${number}\r\nDate: ${date}\r\nMessage-ID: <${crypto.randomUUID()}@soak.example>\r\n`
    all.push({ octets: await signMessage(signer, header, part), to })
  }
  return all
}

/** Hands in from the list until it is empty or the daemon is gone; what was not acknowledged stays in it. */
export async function stream(
  provider: SoakProvider,
  from: string,
  waiting: Mail[],
  acknowledged: (id: string, mail: Mail) => void,
): Promise<void> {
  const where = { port: provider.daemon.ports.submissions, ca: await caOf(provider) }
  const one = async (): Promise<void> => {
    await using session = await openSmtpSession(where, { user: from, password: PASSWORD })
    for (let mail = waiting.pop(); mail !== undefined; mail = waiting.pop()) {
      const answer = await session.send(mail.octets, { from, to: mail.to }).catch(() => undefined)
      const id = /^250 .*?(<[^<>]+>)/.exec(answer ?? '')?.[1]
      if (id === undefined) {
        waiting.push(mail)
        return
      }
      acknowledged(id, mail)
    }
  }
  await Promise.allSettled(Array.from({ length: SESSIONS }, one))
}

/** Until none has anything to do but to wait for deadlines. */
export async function quiet(all: readonly SoakProvider[], progress: (text: string) => void): Promise<void> {
  const until = performance.now() + QUIET_MS
  for (let calm = 0; calm < 2; ) {
    if (performance.now() > until) throw new Error(`work is left after ${QUIET_MS / 1000} s`)
    await setTimeout(2_500) // backlog and queues are measured every two seconds
    const left = await Promise.all(
      all.map(
        async ({ daemon }) =>
          (await daemon.metric('openkep_work_backlog')) + (await daemon.metric('openkep_relay_queue_rows')),
      ),
    )
    calm = left.every((rows) => rows === 0) ? calm + 1 : 0
    progress(`left: ${left.join(', ')}`)
  }
}
