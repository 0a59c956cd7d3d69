import SMTPConnection, { type SMTPEnvelope } from 'nodemailer/lib/smtp-connection'
import { Refused } from './command.ts'

export interface Submission {
  readonly host: string
  readonly port: number
  /** TLS from the first octet, or STARTTLS; never without. */
  readonly tls: 'implicit' | 'starttls'
  /** PEM; the system's anchors where it is not given. */
  readonly ca: string | undefined
  readonly user: string
  readonly password: string
  readonly from: string
  readonly recipients: readonly string[]
  readonly message: Buffer
}

/** Resolves with the server's last line. Rejects with Refused, its code the reply code where there is one. */
export async function submit(submission: Submission): Promise<string> {
  const connection = new SMTPConnection({
    host: submission.host,
    port: submission.port,
    secure: submission.tls === 'implicit',
    requireTLS: submission.tls === 'starttls',
    ...(submission.ca === undefined ? {} : { tls: { ca: submission.ca } }),
  })
  const { promise: failed, reject } = Promise.withResolvers<never>()
  connection.on('error', reject)
  const step = <T>(
    start: (done: (error?: Error | null, value?: T) => void) => void,
  ): Promise<T | undefined> =>
    Promise.race([
      failed,
      new Promise<T | undefined>((resolve, refuse) => {
        start((error, value) => (error ? refuse(error) : resolve(value)))
      }),
    ])
  try {
    await step<void>((done) => connection.connect((error) => done(error ?? null)))
    const { user, password } = submission
    await step<void>((done) => connection.login({ user, pass: password }, (error) => done(error ?? null)))
    const envelope: SMTPEnvelope = {
      from: submission.from,
      to: [...submission.recipients],
      size: submission.message.length,
    }
    const info = await step<{ response: string; rejected: readonly string[] }>((done) =>
      connection.send(envelope, submission.message, (error, sent) =>
        done(error ?? null, sent && { response: String(sent.response), rejected: sent.rejected.map(String) }),
      ),
    )
    if (info === undefined) throw new Refused('SMTP', 'the server gave no answer')
    // The client library goes on without a recipient who was refused at RCPT; people must hear of both.
    if (info.rejected.length > 0)
      throw new Refused(
        'RECIPIENT',
        `refused for ${info.rejected.join(', ')}; for the others: ${info.response}`,
      )
    connection.quit()
    return info.response
  } catch (error) {
    connection.close()
    if (error instanceof Refused) throw error
    throw new Refused('SMTP', error instanceof Error ? error.message : String(error), { cause: error })
  }
}
