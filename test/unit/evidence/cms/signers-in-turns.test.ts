import { hash } from 'node:crypto'
import { expect, test } from 'vitest'
import { signDetached } from '../../../../evidence/cms/sign.ts'
import { checkSigners, checkSignersInTurns, parseSignedData } from '../../../../evidence/cms/verify.ts'
import type { HashName } from '../../../../evidence/ports.ts'
import { pki } from '../../../fakes/pki.ts'

test('others have their turn between two signers, and the report is the same', async () => {
  const content = Buffer.from('Sayın ilgili')
  const { signer } = pki().user
  const der = await signDetached({
    digest: hash('sha256', content, 'buffer'),
    signer,
    signingTime: new Date(),
  })
  const data = parseSignedData(der)
  const [one] = data.signers
  const several = { ...data, signers: Array(5).fill(one) }
  const digestOf = (name: HashName): Buffer => hash(name, content, 'buffer')
  let turns = 0
  let going = true
  const count = (): void => {
    turns++
    if (going) setImmediate(count)
  }
  setImmediate(count)
  const report = await checkSignersInTurns(several, digestOf)
  going = false
  expect(report).toEqual(checkSigners(several, digestOf))
  expect(report.signers.map(({ ok }) => ok)).toEqual(Array(5).fill(true))
  expect(turns).toBeGreaterThanOrEqual(3)
})
