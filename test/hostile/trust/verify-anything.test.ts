/** A verifier that a file can crash is a verifier that a file can silence. */
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { verifyFile } from '../../../evidence/verify/verify-file.ts'
import { dispatchOf, signedEvidence, trustOptions, userMessage } from '../../fakes/evidence.ts'

const verdictOf = async (octets: Uint8Array) =>
  (await verifyFile({ name: 'f', octets }, trustOptions())).verdict

test('no octets crash it, and none pass', async () => {
  const starts = fc.constantFrom(
    '',
    '<',
    '0\x80',
    'Content-Type: multipart/signed; boundary=a\r\n\r\n--a\r\n',
    '<a xmlns="',
  )
  await fc.assert(
    fc.asyncProperty(starts, fc.uint8Array({ maxLength: 300 }), async (start, rest) => {
      expect(await verdictOf(Buffer.concat([Buffer.from(start, 'latin1'), rest]))).not.toBe('TOTAL-PASSED')
    }),
    { numRuns: 500 },
  )
})

test.each(['evidence', 'dispatch'])('cut anywhere, doubled or spliced, a %s does not pass', async (kind) => {
  const message = await userMessage('x')
  const whole = kind === 'evidence' ? Buffer.from(await signedEvidence(message)) : await dispatchOf(message)
  await fc.assert(
    fc.asyncProperty(fc.nat(whole.length - 1), fc.nat(whole.length - 1), fc.boolean(), async (a, b, cut) => {
      const [from, to] = [Math.min(a, b), Math.max(a, b) + 1]
      const middle = cut ? [] : [whole.subarray(from, to), whole.subarray(from, to)]
      const changed = Buffer.concat([whole.subarray(0, from), ...middle, whole.subarray(to)])
      const report = await verifyFile({ name: 'f', octets: changed }, trustOptions())
      // What is cut out of a dispatch may begin with the user's own message: then it is that, and no dispatch any more.
      if (report.kind !== 'message') expect(report.verdict).not.toBe('TOTAL-PASSED')
    }),
    { numRuns: 300 },
  )
})
