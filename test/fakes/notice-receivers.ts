/** Where notices go: a small real mail system, an HTTP gateway and an SMPP server for text messages. */
import { once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo, Server, Socket } from 'node:net'
import smpp, { type Pdu } from 'smpp'
import { SMTPServer } from 'smtp-server'

export interface MailSink extends AsyncDisposable {
  readonly port: number
  readonly taken: { readonly from: string; readonly to: readonly string[]; readonly octets: string }[]
  /** What RCPT is answered with instead of 250. */
  refuses: { readonly responseCode: number } | undefined
}

export async function startMailSink(): Promise<MailSink> {
  const server = new SMTPServer({
    disabledCommands: ['STARTTLS', 'AUTH'],
    onRcptTo(_address, _session, done) {
      const { refuses } = sink
      done(refuses && Object.assign(new Error('no'), refuses))
    },
    async onData(stream, { envelope }, done) {
      const octets = Buffer.concat(await Array.fromAsync<Buffer>(stream)).toString()
      const { mailFrom, rcptTo } = envelope
      sink.taken.push({
        from: mailFrom === false ? '' : mailFrom.address,
        to: rcptTo.map(({ address }) => address),
        octets,
      })
      done()
    },
  })
  server.on('error', () => {})
  server.listen(0, '127.0.0.1')
  await once(server.server, 'listening')
  const sink: MailSink = {
    port: (server.server.address() as AddressInfo).port,
    taken: [],
    refuses: undefined,
    [Symbol.asyncDispose]: () => new Promise((resolve) => server.close(resolve)),
  }
  return sink
}

export interface Gateway extends AsyncDisposable {
  readonly port: number
  /** Requests as they came: method, path, headers that matter, body. */
  readonly taken: { readonly line: string; readonly secret: string | undefined; readonly body: string }[]
  /** How the next ones are answered. */
  answers: (response: ServerResponse) => void
}

export const fine = (response: ServerResponse): void => void response.end('OK 1')

export async function startGateway(): Promise<Gateway> {
  const server = createServer(async (request: IncomingMessage, response) => {
    const body = Buffer.concat(await Array.fromAsync<Buffer>(request)).toString()
    const secret = request.headers['x-api-key']
    gateway.taken.push({
      line: `${request.method} ${request.url} ${request.headers['content-type'] ?? ''}`,
      secret: typeof secret === 'string' ? secret : undefined,
      body,
    })
    gateway.answers(response)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const gateway: Gateway = {
    port: (server.address() as AddressInfo).port,
    taken: [],
    answers: fine,
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections()
      server.close()
      await once(server, 'close')
    },
  }
  return gateway
}

export interface SmppServer extends AsyncDisposable {
  readonly port: number
  readonly bound: string[]
  readonly taken: { readonly source: unknown; readonly to: unknown; readonly text: string }[]
}

/** @param status what submit_sm is answered with; `silent`: nothing, `junk`: what is no PDU */
export async function startSmpp(
  status: number | 'silent' | 'junk' = 0,
  tls: { key?: string; cert?: string } = {},
): Promise<SmppServer> {
  const bound: string[] = []
  const taken: SmppServer['taken'][number][] = []
  const open = new Set<Socket>()
  const server: Server = smpp.createServer(tls, (session) => {
    open.add(session.socket)
    session.on('error', () => {})
    session.on('bind_transmitter', (pdu: Pdu) => {
      bound.push(`${pdu['system_id']}/${pdu['password']}`)
      const isRight = pdu['password'] === 'gizli'
      session.send(pdu.response({ command_status: isRight ? 0 : 0x0e }))
    })
    session.on('submit_sm', (pdu: Pdu) => {
      if (status === 'silent') return
      if (status === 'junk') return void session.socket.write(Buffer.alloc(64, 0xff))
      taken.push({
        source: pdu['source_addr'],
        to: pdu['destination_addr'],
        text: pdu.short_message?.message ?? '',
      })
      session.send(pdu.response({ command_status: status }))
    })
    session.on('unbind', (pdu: Pdu) => void session.send(pdu.response()))
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    port: (server.address() as AddressInfo).port,
    bound,
    taken,
    [Symbol.asyncDispose]: async () => {
      for (const socket of open) socket.destroy()
      server.close()
      await once(server, 'close')
    },
  }
}
