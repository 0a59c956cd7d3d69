import { connect } from 'node:net'
import { expect, test } from 'vitest'
import { LineClient } from '../../fakes/dialogue.ts'
import { ACCOUNT, connectTo, PASSWORD, startImap } from '../../fakes/imap-server.ts'
import { pki } from '../../fakes/pki.ts'

test('closing says BYE to everyone, waits for nobody, and takes no one new', async () => {
  const under = await startImap()
  const client = new LineClient(connectTo(under))
  await client.line()
  await client.command('l', `LOGIN ${ACCOUNT} ${PASSWORD}`)
  client.send('i IDLE\r\n')
  await client.until('+ ')
  // This one never finishes its TLS handshake.
  const half = connect(under.port, '127.0.0.1')
  half.on('error', () => {})
  await new Promise((resolve) => half.once('connect', resolve))
  const { port } = under
  await under.server.close(200)
  expect((await client.until('* BYE')).at(-1)).toMatch(/^\* BYE/)
  expect(await client.line()).toBeUndefined()
  await expect(
    new Promise((resolve, reject) =>
      connect(port, '127.0.0.1').once('connect', resolve).once('error', reject),
    ),
  ).rejects.toThrow('ECONNREFUSED')
  await under[Symbol.asyncDispose]()
})

test('a renewed certificate serves new connections and keeps the old ones', async () => {
  await using under = await startImap()
  const serialOf = async (socket: ReturnType<typeof connectTo>) => {
    await new Promise((resolve) => socket.once('secureConnect', resolve))
    return socket.getPeerCertificate().serialNumber
  }
  const before = connectTo(under)
  const old = new LineClient(before)
  const serial = await serialOf(before)
  await old.line()
  const { certificate, key } = pki().issue(
    { kind: 'tls', dns: ['localhost'], ip: ['127.0.0.1'] },
    { subject: { commonName: 'yeni' } },
  )
  under.server.setTls({
    key: key.export({ format: 'pem', type: 'pkcs8' }).toString(),
    cert: under.chainWith(certificate.der),
  })
  const after = connectTo(under)
  after.on('error', () => {})
  expect(await serialOf(after)).not.toBe(serial)
  expect((await old.command('a', 'NOOP')).at(-1)).toBe('a OK NOOP done')
  after.destroy()
  old.end()
})

test('a login name may hold the handle; the account may stand in authzid', async () => {
  await using under = await startImap()
  for (const login of [
    `LOGIN ${ACCOUNT}/ayse ${PASSWORD}`,
    `LOGIN {${ACCOUNT.length}+}\r\n${ACCOUNT} "${PASSWORD}"`,
    `AUTHENTICATE PLAIN ${Buffer.from(`${ACCOUNT}\0ayse\0${PASSWORD}`).toString('base64')}`,
  ]) {
    const client = new LineClient(connectTo(under))
    await client.line()
    expect((await client.command('a', login)).at(-1)).toMatch(/^a OK \[CAPABILITY /)
    client.end()
  }
  const client = new LineClient(connectTo(under))
  await client.line()
  client.send('a AUTHENTICATE PLAIN\r\n')
  expect(await client.line()).toBe('+ ')
  client.send('*\r\n')
  expect(await client.line()).toMatch(/^a BAD/)
  client.send('b AUTHENTICATE PLAIN\r\n')
  await client.line()
  client.send(`${Buffer.from(`\0${ACCOUNT}\0yanlis`).toString('base64')}\r\n`)
  expect(await client.line()).toMatch(/^b NO \[AUTHENTICATIONFAILED\]/)
  expect((await client.command('c', `LOGIN ${ACCOUNT} ${PASSWORD}`)).at(-1)).toMatch(/^c OK/)
  client.end()
})
