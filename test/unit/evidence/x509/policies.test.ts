import { describe, expect, test } from 'vitest'
import { OID } from '../../../../evidence/asn1/oid.ts'
import { encode, sequence } from '../../../../evidence/asn1/writer.ts'
import type { PolicyRequirements } from '../../../../evidence/ports.ts'
import { X509Error } from '../../../../evidence/x509/error.ts'
import { extension } from '../../../../evidence/x509/extensions.ts'
import { validatePath } from '../../../../evidence/x509/path.ts'
import { validPolicies } from '../../../../evidence/x509/policies.ts'
import { makeRoot, pki } from '../../../fakes/pki.ts'
import { type PolicyCertificate, policyChain, policyOid } from '../../../fakes/policy-pki.ts'

const root = makeRoot('Kök')

/** Letters of the valid policies, or what is wrong. */
function judge(
  table: readonly PolicyCertificate[],
  requirements: PolicyRequirements & { of?: string } = {},
): string {
  const { of, ...rest } = requirements
  const policies = of === undefined ? undefined : [...of].map(policyOid)
  const verdict = validPolicies([...policyChain(root, table), root.certificate], { ...rest, policies })
  if (!verdict.ok) return 'refused'
  return verdict.policies
    .map((id) => (id === policyOid('*') ? '*' : String.fromCharCode(Number(id.split('.').at(-1)))))
    .sort()
    .join('')
}

const any: PolicyCertificate = { policies: ['*'] }
const explicit = { requireExplicit: true }

describe('RFC 5280 §6.1.3: policies of a path', () => {
  test.each<[string, PolicyCertificate[], PolicyRequirements & { of?: string }, string]>([
    ['named by all', [{ policies: ['a'] }, { policies: ['a'] }], {}, 'a'],
    [
      'named by all, one of two asked for',
      [{ policies: ['a', 'b'] }, { policies: ['a', 'b'] }],
      { of: 'b' },
      'b',
    ],
    [
      'another than asked for, where none is needed',
      [{ policies: ['a'] }, { policies: ['a'] }],
      { of: 'b' },
      '',
    ],
    [
      'another than asked for',
      [{ policies: ['a'] }, { policies: ['a'] }],
      { of: 'b', ...explicit },
      'refused',
    ],
    ['the leaf has another', [{ policies: ['a'] }, { policies: ['b'] }], explicit, 'refused'],
    ['the leaf has none', [{ policies: ['a'] }, {}], explicit, 'refused'],
    ['a CA has none', [{}, { policies: ['a'] }], explicit, 'refused'],
    ['a CA has none, and none is needed', [{}, { policies: ['a'] }], {}, ''],
    ['anyPolicy of a CA', [any, { policies: ['a'] }], { of: 'a', ...explicit }, 'a'],
    ['anyPolicy of the leaf', [{ policies: ['a'] }, any], explicit, 'a'],
    ['anyPolicy of all stands for what is asked for', [any, any], { of: 'ab', ...explicit }, 'ab'],
    ['anyPolicy of all', [any, any], explicit, '*'],
    [
      'anyPolicy inhibited from the start',
      [any, { policies: ['a'] }],
      { inhibitAny: true, ...explicit },
      'refused',
    ],
    ['anyPolicy inhibited one below', [{ ...any, inhibitAny: 0 }, any], explicit, 'refused'],
    ['anyPolicy inhibited two below', [{ ...any, inhibitAny: 1 }, any, any], explicit, 'refused'],
    ['anyPolicy not yet inhibited', [{ ...any, inhibitAny: 1 }, any, { policies: ['a'] }], explicit, 'a'],
    [
      'a self-issued CA does not count, and may still say anyPolicy',
      [{ ...any, inhibitAny: 0 }, { ...any, isSelfIssued: true }, { policies: ['a'] }],
      explicit,
      'a',
    ],
    [
      'the leaf is never exempt',
      [
        { ...any, inhibitAny: 0 },
        { ...any, isSelfIssued: true },
      ],
      explicit,
      'refused',
    ],
    ['explicit from below a CA on', [{ ...any, requireExplicit: 0 }, {}], {}, 'refused'],
    ['explicit later than the path is long', [{ ...any, requireExplicit: 3 }, any, {}], {}, ''],
    ['explicit two below', [{ ...any, requireExplicit: 1 }, any, {}], {}, 'refused'],
    ['the leaf itself says explicit', [any, { requireExplicit: 0 }], {}, 'refused'],
    [
      'a second constraint cannot loosen the first',
      [{ ...any, requireExplicit: 0 }, { ...any, requireExplicit: 5 }, {}],
      {},
      'refused',
    ],
  ])('%s', (_, table, requirements, result) => expect(judge(table, requirements)).toBe(result))
})

describe('RFC 5280 §6.1.4: mappings', () => {
  test.each<[string, PolicyCertificate[], PolicyRequirements & { of?: string }, string]>([
    [
      'to what the leaf has',
      [{ policies: ['a'], mappings: ['a>b'] }, { policies: ['b'] }],
      { of: 'a', ...explicit },
      'a',
    ],
    [
      'the name of below is not the anchor’s',
      [{ policies: ['a'], mappings: ['a>b'] }, { policies: ['b'] }],
      { of: 'b', ...explicit },
      'refused',
    ],
    [
      'what was mapped away is no more',
      [{ policies: ['a'], mappings: ['a>b'] }, { policies: ['a'] }],
      explicit,
      'refused',
    ],
    ['to several', [{ policies: ['a'], mappings: ['a>b', 'a>c'] }, { policies: ['c'] }], explicit, 'a'],
    [
      'of two to one',
      [{ policies: ['a', 'b'], mappings: ['a>c', 'b>c'] }, { policies: ['c'] }],
      explicit,
      'ab',
    ],
    [
      'in two steps',
      [{ policies: ['a'], mappings: ['a>b'] }, { policies: ['b'], mappings: ['b>c'] }, { policies: ['c'] }],
      explicit,
      'a',
    ],
    [
      'of what anyPolicy covers',
      [{ ...any, mappings: ['a>b'] }, { policies: ['b'] }],
      { of: 'a', ...explicit },
      'a',
    ],
    [
      'of what is not there',
      [{ policies: ['a'], mappings: ['b>c'] }, { policies: ['c'] }],
      explicit,
      'refused',
    ],
    [
      'inhibited from the start',
      [{ policies: ['a'], mappings: ['a>b'] }, { policies: ['b'] }],
      { inhibitMapping: true, ...explicit },
      'refused',
    ],
    [
      'inhibited: what was to be mapped is gone too',
      [{ policies: ['a'], mappings: ['a>b'] }, { policies: ['a'] }],
      { inhibitMapping: true, ...explicit },
      'refused',
    ],
    [
      'inhibited from one below on',
      [{ policies: ['a'], inhibitMapping: 0 }, { policies: ['a'], mappings: ['a>b'] }, { policies: ['b'] }],
      explicit,
      'refused',
    ],
    [
      'not yet inhibited',
      [{ policies: ['a'], inhibitMapping: 1 }, { policies: ['a'], mappings: ['a>b'] }, { policies: ['b'] }],
      explicit,
      'a',
    ],
  ])('%s', (_, table, requirements, result) => expect(judge(table, requirements)).toBe(result))

  test('that double at each step: work grows with their number, not with its power', () => {
    const letters = Array.from({ length: 60 }, (_, i) => String.fromCharCode(0x100 + i))
    const every = letters.flatMap((from) => letters.slice(0, 1).map((to) => `${from}>${to}`))
    const step = {
      policies: letters,
      mappings: [...every, ...letters.slice(1).map((to) => `${letters[0]}>${to}`)].slice(0, 64),
    }
    expect(judge([step, step, step, step, step, { policies: letters }], explicit)).not.toBe('refused')
  })
})

describe('a path under policies', () => {
  test('POLICY is a reason of its own, and a valid path names its policies', () => {
    const chain = policyChain(root, [{ policies: ['a'] }, { policies: ['a'] }])
    const context = {
      anchors: [root.certificate],
      intermediates: chain.slice(1),
      crls: [],
      revocation: 'if-present' as const,
      at: new Date(),
    }
    expect(validatePath(chain[0]!, context)).toMatchObject({ ok: true, policies: [policyOid('a')] })
    const policy = { policies: [policyOid('b')], requireExplicit: true }
    expect(validatePath(chain[0]!, { ...context, policy })).toMatchObject({ ok: false, failure: 'POLICY' })
  })

  test.each<[string, PolicyCertificate]>([
    ['a policy twice', { policies: ['a', 'a'] }],
    ['no policy at all', { policies: [] }],
    ['a mapping of anyPolicy', { mappings: ['*>a'] }],
    ['a mapping to anyPolicy', { mappings: ['a>*'] }],
    [
      'more than any authority names',
      { policies: Array.from({ length: 65 }, (_, i) => String.fromCharCode(0x100 + i)) },
    ],
  ])('%s: malformed', (_, row) => expect(() => policyChain(root, [row, {}])).toThrow(X509Error))

  test.each([
    ['an inhibitAnyPolicy without octets', OID.inhibitAnyPolicy, encode(0x02)],
    ['constraints that constrain nothing', OID.policyConstraints, sequence()],
  ])('%s: malformed', (_, id, value) =>
    expect(() => pki().issue({ kind: 'intermediate' }, { extensions: [extension(id, true, value)] })).toThrow(
      X509Error,
    ),
  )
})
