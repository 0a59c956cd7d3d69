/** Sockets to a submission listener for clients that do not behave. */
import { readdir } from 'node:fs/promises'
import { connect as connectPlain, type Socket } from 'node:net'
import { join } from 'node:path'
import { connect as connectTls } from 'node:tls'
import { expect } from 'vitest'
import { LineClient } from './dialogue.ts'
import { eventually } from './eventually.ts'
import { signedMessage, submit } from './mail-client.ts'
import { pki } from './pki.ts'
import { PASSWORD, RECIPIENT, SENDER, type TestProvider } from './provider.ts'

/** Ends of DATA that some programs believe and others do not. */
export const FALSE_ENDS: readonly string[] = [
  '\n.\n',
  '\r\n.\n',
  '\n.\r\n',
  '\r.\r\n',
  '\r.\r',
  '\r\n.\r',
  '\n.\r',
  '\r\n\0.\r\n',
]

export type Security = 'tls' | 'starttls' | 'none'

export interface RawClient extends LineClient {
  readonly socket: Socket
  /** Resolves when the connection is gone, however it went. */
  readonly gone: Promise<void>
}

/** Greeted, and secured where asked; nothing more is said. */
export async function openRaw(kep: TestProvider, security: Security): Promise<RawClient> {
  const { submission, submissions } = kep.provider.ports
  const tls = { servername: 'localhost', ca: kep.ca }
  if (security === 'tls') {
    const client = clientOn(connectTls({ ...tls, port: submissions, host: '127.0.0.1' }))
    await client.until('220 ')
    return client
  }
  const plain = connectPlain(submission, '127.0.0.1')
  const outer = clientOn(plain)
  if (security === 'none') return outer
  await outer.until('220 ')
  outer.send('EHLO istemci.example\r\n')
  await outer.until('250 ')
  outer.send('STARTTLS\r\n')
  await outer.until('220 ')
  plain.removeAllListeners('data')
  return clientOn(connectTls({ ...tls, socket: plain }))
}

/** As far as logged in; with `data` up to the 354 of one recipient. */
export async function openSubmitting(
  kep: TestProvider,
  security: Exclude<Security, 'none'>,
  until: 'login' | 'data' = 'data',
): Promise<RawClient> {
  const client = await openRaw(kep, security)
  const say = async (line: string, wanted: string) => {
    client.send(`${line}\r\n`)
    await client.until(wanted)
  }
  await say('EHLO istemci.example', '250 ')
  await say(`AUTH PLAIN ${Buffer.from(`\0${SENDER}\0${PASSWORD}`).toString('base64')}`, '235 ')
  if (until === 'login') return client
  await say(`MAIL FROM:<${SENDER}>`, '250 ')
  await say(`RCPT TO:<${RECIPIENT}>`, '250 ')
  await say('DATA', '354 ')
  return client
}

function clientOn(socket: Socket): RawClient {
  const { promise, resolve } = Promise.withResolvers<void>()
  socket.once('close', () => resolve())
  socket.on('error', () => {}) // a reset is one of the ways to be gone
  return Object.assign(new LineClient(socket), { socket, gone: promise })
}

/** Another client's message is taken, nothing was an error of ours, and nothing half-received is left. */
export async function stillServes(kep: TestProvider): Promise<void> {
  const message = await signedMessage(pki().user.signer)
  const answer = await submit(message, { port: kep.provider.ports.submissions, ca: kep.ca })
  expect(answer).toMatch(/^250 /)
  expect(await kep.metric('openkep_internal_errors_total')).toBe(0)
  await eventually(async () => ((await halfReceived(kep)).length === 0 ? true : undefined), 'an empty folder')
}

/** Files of messages that are being received. */
export const halfReceived = (kep: TestProvider): Promise<string[]> =>
  readdir(join(kep.folder, 'store/blobs/incoming'))
