import type { ServerResponse } from 'node:http'
import { createServer, type Server } from 'node:https'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { privateKeyPem } from '../../../../evidence/keys/generate.ts'
import { toPem } from '../../../../evidence/x509/certificate.ts'
import { fetchKeys } from '../../../../server/oauth/fetch-keys.ts'
import { pki } from '../../../fakes/pki.ts'

let server: Server
let answer: (response: ServerResponse) => void
const { tls, intermediate, root } = pki()
const pem = (der: Uint8Array): string => toPem('CERTIFICATE', der)
const ca = [pem(root.certificate.der)]
const url = () => {
  const at = server.address()
  return `https://localhost:${typeof at === 'object' && at !== null ? at.port : 0}/jwks`
}

beforeAll(async () => {
  server = createServer(
    { key: privateKeyPem(tls.key), cert: pem(tls.certificate.der) + pem(intermediate.certificate.der) },
    (_, response) => answer(response),
  )
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
})
afterAll(() => {
  server.closeAllConnections()
  server.close()
})

test('what the issuer answers', async () => {
  answer = (response) => response.end('{"keys":[]}')
  expect(await fetchKeys(url(), ca)).toBe('{"keys":[]}')
})

test.each<[string, (response: ServerResponse) => void]>([
  ['an answer that is none', (response) => response.writeHead(500).end('{"keys":[]}')],
  ['a redirect', (response) => response.writeHead(302, { Location: 'http://127.0.0.1/' }).end()],
  ['one that is too large', (response) => response.end('x'.repeat(300_000))],
  [
    'one that breaks off',
    (response) => {
      response.writeHead(200, { 'Content-Length': '100' })
      response.write('{')
      setImmediate(() => response.destroy())
    },
  ],
])('%s', async (_, answers) => {
  answer = answers
  await expect(fetchKeys(url(), ca)).rejects.toThrow()
})

test('an issuer whom nobody vouches for', async () => {
  let asked = 0
  answer = (response) => {
    asked++
    response.end('{"keys":[]}')
  }
  await expect(fetchKeys(url(), [])).rejects.toThrow()
  expect(asked).toBe(0)
})
