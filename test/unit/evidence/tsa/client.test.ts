import { hash } from 'node:crypto'
import { createServer, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { signDetached } from '../../../../evidence/cms/sign.ts'
import { verifyDetached } from '../../../../evidence/cms/verify.ts'
import {
  type ClockSkew,
  HttpTimestamper,
  type HttpTimestamperOptions,
  type TokenDemands,
} from '../../../../evidence/tsa/client.ts'
import type { TimestampError } from '../../../../evidence/tsa/error.ts'
import { answerTimestampQuery } from '../../../../evidence/tsa/responder.ts'
import { verifyToken } from '../../../../evidence/tsa/token.ts'
import { systemClock } from '../../../../mail/clock.ts'
import { movedClock } from '../../../fakes/moved-clock.ts'
import { pki } from '../../../fakes/pki.ts'
import { type FakeTsa, startTsa, TSA_POLICY, type TsaFault } from '../../../fakes/tsa.ts'

const imprint = hash('sha256', Buffer.from('data'), 'buffer')
let tsa: FakeTsa
let opened: HttpTimestamper[] = []

beforeEach(async () => {
  tsa = await startTsa()
})
afterEach(async () => {
  for (const timestamper of opened) timestamper.close()
  opened = []
  await tsa[Symbol.asyncDispose]()
})

const client = (given: Partial<HttpTimestamperOptions> = {}): HttpTimestamper => {
  const trust = () => pki().trust
  const made = new HttpTimestamper({
    urls: [tsa.url],
    trust,
    clock: systemClock,
    timeoutMs: 5000,
    demands: new Map([[tsa.url, { policies: [TSA_POLICY] }]]),
    ...given,
  })
  opened.push(made)
  return made
}

describe('RFC 3161 §3.4: over HTTP', () => {
  test('tokens over one connection, with the skew told', async () => {
    const skews: number[] = []
    const timestamper = client({ onSkew: ({ milliseconds }) => skews.push(milliseconds) })
    for (let i = 0; i < 5; i++) expect((await timestamper.stamp(imprint, 'sha256')).policy).toBe(TSA_POLICY)
    expect([tsa.queries, tsa.connections, skews.length]).toEqual([5, 1, 5])
  })
  test('the skew is the time of the TSA minus ours', async () => {
    const clock = { ...systemClock, now: () => new Date(Date.now() + 3_600_000) }
    const skews: ClockSkew[] = []
    await client({ clock, onSkew: (skew) => skews.push(skew) }).stamp(imprint, 'sha256')
    expect(skews).toMatchObject([{ accuracyMs: 1000, isBorne: true }])
    expect(skews.map(({ milliseconds }) => Math.round(milliseconds / 60_000))).toEqual([-60])
  })
  test('a time too far from ours, its accuracy included, is CLOCK_SKEW, and the next TSA is asked', async () => {
    // The fake vouches for one second.
    const behind = (milliseconds: number) => ({
      clock: { ...systemClock, now: () => new Date(Date.now() - milliseconds) },
    })
    await using wrong = await startTsa(behind(59_500))
    await using right = await startTsa(behind(55_000))
    const failures: string[] = []
    const onFailure = ({ code }: TimestampError, url: string) => failures.push(`${code} ${url}`)
    const both = client({ urls: [wrong.url, right.url], maxSkewMs: 60_000, onFailure })
    for (let i = 0; i < 5; i++) expect((await both.stamp(imprint, 'sha256')).serial).toBe(String(i + 1))
    expect([wrong.queries, right.queries]).toEqual([3, 5])
    expect(failures).toEqual(Array(3).fill(`CLOCK_SKEW ${wrong.url}`))
  })
  test.each<{ fault: TsaFault; code: string }>([
    { fault: 'wrong-nonce', code: 'NONCE_MISMATCH' },
    { fault: 'wrong-imprint', code: 'IMPRINT_MISMATCH' },
    { fault: 'down', code: 'HTTP_STATUS' },
    { fault: 'slow', code: 'TIMEOUT' },
    { fault: 'garbage', code: 'MALFORMED' },
    { fault: 'huge', code: 'TOO_LARGE' },
  ])('$fault is $code, and the next TSA is asked', async ({ fault, code }) => {
    tsa.fault = fault
    const timeoutMs = fault === 'slow' ? 100 : 5000
    await expect(client({ timeoutMs }).stamp(imprint, 'sha256')).rejects.toMatchObject({ code })
    await using second = await startTsa()
    const failures: string[] = []
    const both = client({
      timeoutMs,
      urls: [tsa.url, second.url],
      onFailure: (error) => failures.push(error.code),
    })
    expect((await both.stamp(imprint, 'sha256')).serial).toBe('1')
    expect(failures).toEqual([code])
  })
  test('a TSA that is down is asked last after three failures, and others do not wait for it', async () => {
    tsa.fault = 'down'
    await using second = await startTsa()
    const failures: string[] = []
    const both = client({
      urls: [tsa.url, second.url],
      onFailure: (error) => failures.push(error.code),
    })
    for (let i = 0; i < 10; i++) await both.stamp(imprint, 'sha256')
    expect([failures.length, tsa.queries, second.queries]).toEqual([3, 3, 10])
  })
  test('a hiccup under sixteen requests lasts half a minute, as it does under one', async () => {
    const clock = movedClock()
    await using second = await startTsa({ clock })
    const both = client({ urls: [tsa.url, second.url], clock })
    tsa.fault = 'down'
    await Promise.all(Array.from({ length: 16 }, () => both.stamp(imprint, 'sha256')))
    tsa.fault = 'none'
    await both.stamp(imprint, 'sha256')
    expect([tsa.queries, second.queries]).toEqual([16, 17])
    clock.elapse(31_000)
    await both.stamp(imprint, 'sha256')
    expect([tsa.queries, second.queries]).toEqual([17, 17])
  })
  test('a kept connection that was closed is opened again, without asking another TSA', async () => {
    const failures: string[] = []
    const timestamper = client({ onFailure: (error) => failures.push(error.code) })
    await timestamper.stamp(imprint, 'sha256')
    tsa.fault = 'hang-up'
    await timestamper.stamp(imprint, 'sha256')
    expect([failures, tsa.connections, tsa.queries]).toEqual([[], 2, 3])
  })
  describe('a kept connection that is cut in the middle of a query', () => {
    afterEach(() => {
      vi.useRealTimers()
    })

    /** After its first answer it leaves queries to the test. */
    async function startSilent() {
      const queries: ServerResponse[] = []
      const server = createServer((request, response) => {
        request.on('end', async () => {
          if (queries.push(response) === 1)
            response.end(await answerTimestampQuery(Buffer.concat(chunks), tsa.authority))
        })
        const chunks: Uint8Array[] = []
        request.on('data', (chunk: Uint8Array) => chunks.push(chunk))
      })
      await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
      return {
        url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`,
        queries,
        asked: async (times: number) => {
          while (queries.length < times) await new Promise((resolve) => setImmediate(resolve))
        },
        [Symbol.asyncDispose]: async () => {
          server.closeAllConnections()
          await new Promise((resolve) => server.close(resolve))
        },
      }
    }

    test('is asked for again within the same time', async () => {
      await using silent = await startSilent()
      const timestamper = client({ urls: [silent.url] })
      await timestamper.stamp(imprint, 'sha256')
      vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
      const ended = expect(timestamper.stamp(imprint, 'sha256')).rejects.toMatchObject({ code: 'TIMEOUT' })
      await silent.asked(2)
      vi.advanceTimersByTime(4000)
      silent.queries[1]?.destroy()
      await silent.asked(3)
      vi.advanceTimersByTime(1000)
      await ended
      expect(vi.getTimerCount()).toBe(0)
    })
    test('is not asked for again once an octet of the answer came: that stamp is spent', async () => {
      await using silent = await startSilent()
      const timestamper = client({ urls: [silent.url] })
      await timestamper.stamp(imprint, 'sha256')
      const ended = expect(timestamper.stamp(imprint, 'sha256')).rejects.toMatchObject({
        code: 'UNREACHABLE',
      })
      await silent.asked(2)
      const { socket } = silent.queries[1]!
      socket?.write('HTTP/1.1 2', () => socket.end())
      await ended
      expect(silent.queries).toHaveLength(2)
    })
  })
  test('nobody listens', async () => {
    await expect(client({ urls: ['http://127.0.0.1:1/'] }).stamp(imprint, 'sha256')).rejects.toMatchObject({
      code: 'UNREACHABLE',
    })
  })
  test('another policy is rejected by the TSA', async () => {
    const demands = new Map([[tsa.url, { policies: ['1.2.3'] }]])
    await expect(client({ demands }).stamp(imprint, 'sha256')).rejects.toMatchObject({ code: 'REJECTED' })
  })
  test.each([
    { demand: { policies: ['1.2.3'] }, code: 'POLICY_MISMATCH' },
    { demand: { policies: ['1.2.3', TSA_POLICY] }, code: undefined },
    { demand: { maxAccuracyMs: 999 }, code: 'INACCURATE' },
    { demand: { maxAccuracyMs: 1000 }, code: undefined },
    { demand: { maxAccuracyMs: 60_000 }, tellsAccuracy: false, code: 'INACCURATE' },
    { demand: { maxAccuracyMs: 999 }, ofAnother: true, code: undefined },
  ])(
    '$demand of a TSA: $code, and the next is asked',
    async ({ demand, code, ofAnother, tellsAccuracy = true }) => {
      await using first = await startTsa({ tellsAccuracy })
      first.fault = 'own-policy'
      const failures: string[] = []
      const both = client({
        urls: [first.url, tsa.url],
        demands: new Map<string, TokenDemands>([[ofAnother === true ? tsa.url : first.url, demand]]),
        onFailure: (error) => failures.push(error.code),
      })
      const { serial } = await both.stamp(imprint, 'sha256')
      expect([failures, first.queries, tsa.queries, serial]).toEqual(
        code === undefined ? [[], 1, 0, '1'] : [[code], 1, 1, '1'],
      )
    },
  )
  test('the caller gives up', async () => {
    tsa.fault = 'slow'
    const controller = new AbortController()
    const pending = client().stamp(imprint, 'sha256', controller.signal)
    controller.abort()
    await expect(pending).rejects.toMatchObject({ code: 'ABORTED' })
    await expect(client().stamp(imprint, 'sha256', controller.signal)).rejects.toMatchObject({
      code: 'ABORTED',
    })
  })
})

test('EN 319 122-1 §5.3: the signature time-stamp is over the signature value', async () => {
  const content = Buffer.from('içerik')
  const digestOf = () => hash('sha256', content, 'buffer')
  const { signer } = pki().provider
  const der = await signDetached({
    digest: digestOf(),
    signer,
    signingTime: new Date(),
    timestamper: client(),
  })
  const [report] = (await verifyDetached(der, digestOf)).signers
  expect(report).toMatchObject({ ok: true, bes: true })
  const over = hash('sha256', report!.signatureValue!, 'buffer')
  expect(
    verifyToken(report!.timestampToken!, { imprint: over, hash: 'sha256', trust: pki().trust }).policy,
  ).toBe(TSA_POLICY)
})
