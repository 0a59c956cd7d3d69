import { setInterval } from 'node:timers/promises'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { eventually } from '../fakes/eventually.ts'
import { startProvider, type TestProvider } from '../fakes/provider.ts'
import { halfReceived, openRaw, openSubmitting, type RawClient, stillServes } from '../fakes/smtp-socket.ts'

let kep: TestProvider
beforeAll(async () => {
  kep = await startProvider({
    config: { limits: { loginTime: '2 s', minimumRate: 4096, rateWindow: '1 s', idleTime: '2 s' } },
  })
})
afterAll(() => kep[Symbol.asyncDispose]())

/** Says a little, for ever. */
async function trickle(client: RawClient, text: string): Promise<void> {
  const over = new AbortController()
  void client.gone.then(() => over.abort())
  try {
    for await (const _ of setInterval(50, undefined, { signal: over.signal })) client.send(text)
  } catch {
    expect(over.signal.aborted).toBe(true)
  }
}

test.each(['tls', 'starttls', 'none'] as const)(
  'one octet of a command at a time, before login, over %s',
  async (security) => {
    await trickle(await openRaw(kep, security), 'N')
    await stillServes(kep)
  },
)

test.each(['tls', 'starttls'] as const)('NOOP for ever after login over %s', async (security) => {
  await trickle(await openSubmitting(kep, security, 'login'), 'NOOP\r\n')
  await stillServes(kep)
})

test.each(['tls', 'starttls'] as const)('a message that trickles over %s', async (security) => {
  const client = await openSubmitting(kep, security)
  client.send(`Subject: x\r\n\r\n${'y'.repeat(70)}\r\n`)
  await trickle(client, 'z')
  await eventually(async () => ((await halfReceived(kep)).length === 0 ? true : undefined), 'the clearing')
  await stillServes(kep)
})
