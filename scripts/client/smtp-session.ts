/** One SMTP session over implicit TLS that sends octets exactly as they are: what demo, bench and tests speak with. */
import type { Duplex } from 'node:stream'
import { connect } from 'node:tls'

export interface SmtpSession extends AsyncDisposable {
  command(line: string): Promise<string>
  /** Octets as they are; no reply is read. */
  write(octets: Uint8Array | string): Promise<void>
  /** The next reply, all its lines. */
  reply(): Promise<string>
  /** One message; answers with the last reply, whatever it is. */
  send(message: Buffer, envelope: { from: string; to: readonly string[] }): Promise<string>
}

export interface Where {
  readonly port: number
  /** PEM of the anchors for the server's certificate. */
  readonly ca: string
}

/** Connected, greeted, EHLO said, and logged in where a login is given (rejects where it is refused). */
export async function openSmtpSession(
  { port, ca }: Where,
  login?: { readonly user: string; readonly password: string },
): Promise<SmtpSession> {
  const session = speakOn(connect({ port, host: '127.0.0.1', servername: 'localhost', ca }))
  await session.reply()
  await session.command('EHLO istemci.example')
  if (login !== undefined) {
    const answer = await session.command(
      `AUTH PLAIN ${Buffer.from(`\0${login.user}\0${login.password}`).toString('base64')}`,
    )
    if (!answer.startsWith('235')) throw new Error(`login refused: ${answer}`)
  }
  return session
}

/** A session on a connection that is there; nothing is read or said yet. */
export function speakOn(socket: Duplex): SmtpSession {
  const replies = readReplies(socket)
  const reply = async (): Promise<string> => {
    const next = await replies.next()
    if (next.done === true) throw new Error('the server closed the connection')
    return next.value
  }
  const write = (octets: Uint8Array | string): Promise<void> => {
    const { promise, resolve, reject } = Promise.withResolvers<void>()
    socket.write(octets, (error) => (error ? reject(error) : resolve()))
    return promise
  }
  const command = async (line: string): Promise<string> => {
    await write(`${line}\r\n`)
    return reply()
  }
  return {
    command,
    write,
    reply,
    send: async (message, { from, to }) => {
      let answer = await command(`MAIL FROM:<${from}> SIZE=${message.length}`)
      for (const recipient of to) {
        if (!answer.startsWith('250')) return answer
        answer = await command(`RCPT TO:<${recipient}>`)
      }
      if (!answer.startsWith('250')) return answer
      answer = await command('DATA')
      if (!answer.startsWith('354')) return answer
      await write(dotStuffed(message))
      return reply()
    },
    [Symbol.asyncDispose]: async () => {
      socket.destroy()
    },
  }
}

/** [RFC 5321 §4.5.2] */
export function dotStuffed(message: Buffer): Buffer {
  const end = message.subarray(-2).toString('latin1') === '\r\n' ? '.\r\n' : '\r\n.\r\n'
  const pieces: Buffer[] = []
  let from = 0
  for (let at = message[0] === DOT ? 0 : nextDot(message, 0); at >= 0; at = nextDot(message, at)) {
    pieces.push(message.subarray(from, at), Buffer.from('.'))
    from = at
  }
  return Buffer.concat([...pieces, message.subarray(from), Buffer.from(end)])
}

const DOT = 46
/** The next dot at the beginning of a line, after `from`. */
const nextDot = (message: Buffer, from: number): number => {
  const found = message.indexOf('\n.', from)
  return found < 0 ? -1 : found + 1
}

async function* readReplies(source: AsyncIterable<Buffer>): AsyncGenerator<string> {
  let text = ''
  let lines: string[] = []
  for await (const chunk of source) {
    text += chunk.toString('utf8')
    for (let end = text.indexOf('\n'); end >= 0; end = text.indexOf('\n')) {
      const line = text.slice(0, end).replace(/\r$/, '')
      text = text.slice(end + 1)
      lines.push(line)
      if (/^\d{3} /.test(line)) {
        yield lines.join('\n')
        lines = []
      }
    }
  }
}
