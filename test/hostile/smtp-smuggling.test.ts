import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { headerOf } from '../fakes/mail-client.ts'
import { startProvider, type TestProvider } from '../fakes/provider.ts'
import { FALSE_ENDS, openSubmitting, stillServes } from '../fakes/smtp-socket.ts'

let kep: TestProvider
beforeAll(async () => {
  kep = await startProvider()
})
afterAll(() => kep[Symbol.asyncDispose]())

describe.each(['tls', 'starttls'] as const)('smuggling over %s', (security) => {
  describe.each(FALSE_ENDS)('%j is no end of DATA and is refused', (end) => {
    test.each([1, 3, 10_000])('in pieces of %i', async (size) => {
      const client = await openSubmitting(kep, security)
      client.socket.setNoDelay(true)
      const octets = Buffer.from(
        `${headerOf()}\r\nx${end}MAIL FROM:<eve@hs98.kep.tr>\r\nRCPT TO:<eve@hs98.kep.tr>\r\nDATA\r\nhehe\r\n.\r\nQUIT\r\n`,
      )
      for (let at = 0; at < octets.length; at += size) client.sendOctets(octets.subarray(at, at + size))
      const heard = await client.until('221 ')
      // One answer for one message, then the one for QUIT: the lines between were content.
      expect(heard).toHaveLength(2)
      expect(heard[0]).toMatch(/^550 5\.6\.11 (BARE_LINE_END|NUL_OCTET) /)
    })
  })
})

test('afterwards others are served', () => stillServes(kep))
