import { spawnSync } from 'node:child_process'
import { afterAll, expect, test } from 'vitest'
import { toPem } from '../../evidence/x509/certificate.ts'
import { validPolicies } from '../../evidence/x509/policies.ts'
import { seeded } from '../fakes/memory-store/documents.ts'
import { makeRoot } from '../fakes/pki.ts'
import { type PolicyCertificate, policyChain, policyOid } from '../fakes/policy-pki.ts'
import { OpensslFolder } from './openssl.ts'

const SEED = 5280
const CHAINS = 400
const LETTERS = ['a', 'b', 'c', '*']

const folder = new OpensslFolder()
afterAll(() => folder[Symbol.dispose]())

const root = makeRoot('Politika Kök')
folder.write('root.pem', toPem('CERTIFICATE', root.certificate.der))

test(`RFC 5280 §6.1: of ${CHAINS} chains with policies openssl and we say the same`, () => {
  const chance = seeded(SEED)
  const pick = <T>(list: readonly T[]): T => list[Math.floor(chance() * list.length)]!
  const maybe = <T>(probability: number, value: () => T): T | undefined =>
    chance() < probability ? value() : undefined
  const some = () => [...new Set(Array.from({ length: 1 + Math.floor(chance() * 3) }, () => pick(LETTERS)))]
  const small = () => Math.floor(chance() * 3)
  const named = (
    over: { [K in keyof PolicyCertificate]: PolicyCertificate[K] | undefined },
  ): PolicyCertificate => Object.fromEntries(Object.entries(over).filter(([, value]) => value !== undefined))
  const row = (isLeaf: boolean): PolicyCertificate =>
    named({
      policies: maybe(0.93, some),
      mappings: isLeaf ? undefined : maybe(0.35, () => [`${pick(['a', 'b', 'c'])}>${pick(['a', 'b', 'c'])}`]),
      requireExplicit: maybe(0.15, small),
      inhibitMapping: isLeaf ? undefined : maybe(0.15, small),
      inhibitAny: isLeaf ? undefined : maybe(0.2, small),
      isSelfIssued: isLeaf ? undefined : maybe(0.15, () => true),
    })
  const differ: unknown[] = []
  const verdicts = { good: 0, refused: 0 }
  for (let i = 0; i < CHAINS; i++) {
    const length = 1 + Math.floor(chance() * 4)
    const table = Array.from({ length }, (_, at) => row(at === length - 1))
    const requirements = {
      policies: maybe(0.5, () => [pick(['a', 'b'])].map(policyOid)),
      requireExplicit: chance() < 0.5,
      inhibitMapping: chance() < 0.15,
      inhibitAny: chance() < 0.15,
    }
    const chain = policyChain(root, table)
    const ours = validPolicies([...chain, root.certificate], requirements).ok
    folder.write('leaf.pem', toPem('CERTIFICATE', chain[0]!.der))
    folder.write(
      'chain.pem',
      chain
        .slice(1)
        .map(({ der }) => toPem('CERTIFICATE', der))
        .join(''),
    )
    const theirs =
      spawnSync(
        'openssl',
        [
          ...['verify', '-CAfile', 'root.pem', '-policy_check'],
          ...(chain.length > 1 ? ['-untrusted', 'chain.pem'] : []),
          ...(requirements.requireExplicit ? ['-explicit_policy'] : []),
          ...(requirements.inhibitMapping ? ['-inhibit_map'] : []),
          ...(requirements.inhibitAny ? ['-inhibit_any'] : []),
          ...(requirements.policies ?? [policyOid('*')]).flatMap((policy) => ['-policy', policy]),
          'leaf.pem',
        ],
        { cwd: folder.path },
      ).status === 0
    verdicts[ours ? 'good' : 'refused']++
    if (ours !== theirs) differ.push(JSON.stringify({ ours, theirs, table, requirements }))
  }
  expect(differ).toEqual([])
  expect(Math.min(verdicts.good, verdicts.refused)).toBeGreaterThan(CHAINS / 5)
})
