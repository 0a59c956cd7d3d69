import { ImapFlow } from 'imapflow'
import { describe, expect, test } from 'vitest'
import type { Role } from '../../server/roles.ts'
import { eventually } from '../fakes/eventually.ts'
import { signedMessage, submit } from '../fakes/mail-client.ts'
import { startMongoServer } from '../fakes/mongo-server/server.ts'
import { pki } from '../fakes/pki.ts'
import { PASSWORD, RECIPIENT, SENDER, startProvider, type TestProvider } from '../fakes/provider.ts'

const DATABASE = 'kep'

const machine = (uri: string, roles: readonly Role[]) =>
  startProvider({ config: { storage: `${uri.replace(/\/?(\?|$)/, `/${DATABASE}$1`)}` }, roles })

async function reader({ provider, ca }: TestProvider, user: string): Promise<ImapFlow> {
  const client = new ImapFlow({
    host: '127.0.0.1',
    port: provider.ports.imaps,
    secure: true,
    tls: { ca, servername: 'localhost' },
    auth: { user, pass: PASSWORD },
    logger: false,
  })
  await client.connect()
  return client
}

describe.each([
  ['by a change stream', {}],
  ['by polling, where there is none', { refuseChangeStreams: true }],
])('machines that share a store hear of each other %s', (_, options) => {
  test('what one takes and another delivers a third shows to who waits there, and everything goes its way', async () => {
    await using server = await startMongoServer(options)
    await using front = await machine(server.uri, ['submission'])
    await using back = await machine(server.uri, ['issue', 'ops'])
    await using boxes = await machine(server.uri, ['imap'])
    expect([front.provider.ports.imaps, boxes.provider.ports.submissions, back.provider.ports.peer]).toEqual([
      0, 0, 0,
    ])
    const client = await reader(boxes, RECIPIENT)
    try {
      await client.mailboxOpen('INBOX')
      const told = new Promise<number>((resolve) => client.on('exists', ({ count }) => resolve(count)))
      void client.idle() // by itself it would wait a while first
      const message = await signedMessage(pki().user.signer)
      expect(await submit(message, { port: front.provider.ports.submissions, ca: front.ca })).toMatch(/^250 /)
      expect(await told).toBe(1)
      const { source } = (await client.fetchOne('1', { source: true })) || {}
      expect(source?.includes(message)).toBe(true)
    } finally {
      await client.logout()
    }
    // Acceptance, delivery and retrieval come into Deliller, though reading and issuing are two processes.
    const sender = await reader(boxes, SENDER)
    try {
      await eventually(async () => {
        const status = await sender.status('Deliller', { messages: true })
        return status !== false && status.messages === 3 ? true : undefined
      }, 'a third delil')
    } finally {
      await sender.logout()
    }
    await eventually(async () => {
      const waiting = await back.provider.store.work.backlog(Date.now())
      return waiting.every(({ kind }) => kind === 'timer') ? true : undefined
    }, 'the end of all work')
  })
})

test('the embedded store has one process, which has every role', async () => {
  await expect(startProvider({ roles: ['imap'] })).rejects.toThrow('--roles needs storage: mongodb://')
})
