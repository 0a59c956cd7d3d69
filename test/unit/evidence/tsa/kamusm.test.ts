import { createDecipheriv, hash, pbkdf2Sync } from 'node:crypto'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { describe, expect, test } from 'vitest'
import { readWhole } from '../../../../evidence/asn1/reader.ts'
import { TAG } from '../../../../evidence/asn1/tag.ts'
import { readSmallInteger } from '../../../../evidence/asn1/values.ts'
import { HttpTimestamper } from '../../../../evidence/tsa/client.ts'
import { answerTimestampQuery } from '../../../../evidence/tsa/responder.ts'
import { systemClock } from '../../../../mail/clock.ts'
import { pki } from '../../../fakes/pki.ts'
import { startTsa } from '../../../fakes/tsa.ts'

const account = { customer: 123_456, password: 'gizli' }
const imprint = hash('sha256', Buffer.from('data'), 'buffer')

/** As the service does it: the imprint that the customer has encrypted. */
function opened(identity: string | undefined, password = account.password) {
  const parts = readWhole(Buffer.from(identity ?? '', 'hex'), 'der', TAG.sequence).open()
  const customer = readSmallInteger(parts.expect(TAG.integer))
  const salt = parts.expect(TAG.octetString).content
  const iterations = readSmallInteger(parts.expect(TAG.integer))
  const iv = parts.expect(TAG.octetString).content
  const encrypted = parts.expect(TAG.octetString).content
  parts.finish()
  const key = pbkdf2Sync(password, salt, iterations, 32, 'sha256')
  const decipher = createDecipheriv('aes-256-cbc', key, iv)
  return { customer, imprint: Buffer.concat([decipher.update(encrypted), decipher.final()]) }
}

async function service(credit: string) {
  await using tsa = await startTsa()
  const asked: Record<string, string | string[] | undefined>[] = []
  const server = createServer(async (request, response) => {
    asked.push(request.headers)
    const query = Buffer.concat(await Array.fromAsync(request as AsyncIterable<Uint8Array>))
    if (request.headers['credit_req'] !== undefined) response.end(credit)
    else response.end(await answerTimestampQuery(query, tsa.authority))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`
  const timestamper = new HttpTimestamper({
    urls: [url],
    accounts: new Map([[url, account]]),
    trust: () => pki().trust,
    clock: systemClock,
    timeoutMs: 5000,
  })
  return {
    url,
    asked,
    timestamper,
    [Symbol.asyncDispose]: async () => {
      timestamper.close()
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}

describe('a customer of Kamu SM', () => {
  test('is known by a header that only he can make, another one each time', async () => {
    await using kamu = await service('5')
    for (let i = 0; i < 2; i++) await kamu.timestamper.stamp(imprint, 'sha256')
    const identities = kamu.asked.map(({ identity }) => String(identity))
    for (const identity of identities)
      expect(opened(identity)).toEqual({ customer: account.customer, imprint: Buffer.from(imprint) })
    expect(new Set(identities).size).toBe(2)
    expect(() => {
      if (!opened(identities[0], 'yanlış').imprint.equals(imprint)) throw new Error('another imprint')
    }).toThrow()
  })

  test('hears how many stamps are left; what is no number is told as such', async () => {
    await using kamu = await service(' 4711\n')
    expect(await kamu.timestamper.credit(kamu.url)).toBe(4711)
    const [{ credit_req, credit_req_time, identity } = {}] = kamu.asked
    expect(credit_req).toBe('123456')
    const expected = hash('sha1', `${String(credit_req)}${String(credit_req_time)}`, 'buffer')
    expect(opened(String(identity)).imprint).toEqual(expected)
    expect(await kamu.timestamper.credit('http://127.0.0.1:1/')).toBeUndefined()
    await using other = await service('User is not known')
    await expect(other.timestamper.credit(other.url)).rejects.toMatchObject({ code: 'MALFORMED' })
  })
})
