/** Flipping any single octet of a delil or of a dispatch is seen. */
import { expect, test } from 'vitest'
import { verifyFile } from '../../evidence/verify/verify-file.ts'
import { dispatchOf, signedEvidence, trustOptions, userMessage } from '../fakes/evidence.ts'
import { amount, every } from '../fakes/thorough.ts'

/** One bit of each octet, another one from octet to octet. */
async function unseen(octets: Buffer, step: number): Promise<number[]> {
  const passed: number[] = []
  for (const at of every(step, octets.length)) {
    const changed = Buffer.from(octets)
    changed[at]! ^= 1 << (at % 8)
    const { verdict } = await verifyFile({ name: 'f', octets: changed }, trustOptions())
    if (verdict === 'TOTAL-PASSED') passed.push(at)
  }
  return passed
}

test('every octet of a delil', { timeout: 120_000 }, async () => {
  const octets = Buffer.from(await signedEvidence(Buffer.from('x')))
  expect((await verifyFile({ name: 'f', octets }, trustOptions())).verdict).toBe('TOTAL-PASSED')
  expect(
    (await unseen(octets, amount({ whole: 1, slice: 3 }))).map((at) =>
      octets.subarray(at - 20, at + 20).toString(),
    ),
  ).toEqual([])
})

test('every octet of a dispatch', { timeout: 480_000 }, async () => {
  const octets = await dispatchOf(await userMessage('Sayın alıcı'))
  expect(await verifyFile({ name: 'f', octets }, trustOptions())).toMatchObject({
    verdict: 'TOTAL-PASSED',
    kind: 'dispatch',
  })
  expect(
    (await unseen(octets, amount({ whole: 1, slice: 9 }))).map((at) =>
      octets.subarray(at - 20, at + 20).toString(),
    ),
  ).toEqual([])
})
