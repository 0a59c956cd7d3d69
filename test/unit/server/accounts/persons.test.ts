import { describe, expect, test } from 'vitest'
import { may, PERMISSIONS, type Permission, type StoredAccount } from '../../../../mail/account.ts'
import { withActive, withNetworks, withPermissions, withPerson } from '../../../../server/accounts/persons.ts'

const empty: StoredAccount = {
  address: 'kurum@hs98.kep.tr',
  kind: 'legal',
  service: 'send-receive',
  state: 'active',
  holder: 'Kurum',
  quota: 1,
  persons: [],
  created: '2026-01-01T00:00:00.000Z',
}
const ayse = { handle: 'ayse', name: 'Ayşe', identityNumber: '10000000146' }
const veli = { handle: 'veli', name: 'Veli', identityNumber: '10000000078' }
const both = withPerson(withPerson(empty, ayse), veli)
const refusal = (act: () => unknown): unknown => {
  try {
    act()
    return 'done'
  } catch (error) {
    return (error as { code?: unknown }).code
  }
}

describe('features 8.2 to 8.8: persons of an account', () => {
  test('8.2: a natural person uses the account alone', () => {
    const own = withPerson({ ...empty, kind: 'natural' }, ayse)
    expect(refusal(() => withPerson(own, veli))).toBe('ONE_PERSON_ONLY')
  })

  test('8.7: nor does anybody else: the person is the holder', () => {
    const identity = { type: 'tckn', number: ayse.identityNumber } as const
    const own = { ...empty, kind: 'natural', identity } as const
    expect(refusal(() => withPerson(own, veli))).toBe('OTHER_PERSON')
    expect(withPerson(own, ayse).persons).toHaveLength(1)
  })

  test('8.3: somebody active always stays, in a closed account too', () => {
    const one = withActive(both, 'ayse', false)
    expect(refusal(() => withActive(one, 'veli', false))).toBe('LAST_PERSON')
    expect(refusal(() => withActive({ ...one, state: 'closed' }, 'veli', false))).toBe('LAST_PERSON')
    expect(withActive({ ...one, state: 'pending' }, 'veli', false).persons.some((p) => p.active)).toBe(false)
  })

  test('8.4: thirteen settings: twelve rights, and Pasif that takes them all', () => {
    expect(PERMISSIONS).toHaveLength(12)
    const person = withActive(both, 'ayse', false).persons[0]!
    expect(person.permissions).toEqual(PERMISSIONS)
    for (const right of PERMISSIONS) expect(may(person, right)).toBe(false)
  })

  test.each<[string, object, string]>([
    ['a handle twice', { ...veli, handle: 'ayse', identityNumber: '11111111110' }, 'HANDLE_TAKEN'],
    ['a person twice', { ...ayse, handle: 'ikinci' }, 'PERSON_EXISTS'],
    ['check digits', { ...veli, handle: 'x', identityNumber: '10000000079' }, 'BAD_IDENTITY_NUMBER'],
    ['a handle with a slash', { ...veli, handle: 'a/b' }, 'BAD_HANDLE'],
  ])('%s is refused', (_, person, code) => {
    expect(refusal(() => withPerson(both, person as typeof veli))).toBe(code)
  })

  test('8.7: any number of persons, within what a row can hold', () => {
    const numbers = (n: number): string => {
      const first = [...String(100_000_100 + n)].map(Number)
      const odd = first.filter((_, i) => i % 2 === 0).reduce((a, b) => a + b)
      const even = first.filter((_, i) => i % 2 === 1).reduce((a, b) => a + b)
      const tenth = (((odd * 7 - even) % 10) + 10) % 10
      return `${first.join('')}${tenth}${(odd + even + tenth) % 10}`
    }
    let account = empty
    for (let n = 0; n < 200; n++)
      account = withPerson(account, { handle: `p${n}`, name: 'P', identityNumber: numbers(n) })
    expect(refusal(() => withPerson(account, ayse))).toBe('WRONG_STATE')
  })
})

describe('rights that persons give one another', () => {
  const permit = (handle: string, permissions: readonly Permission[]) =>
    withPermissions(both, handle, permissions)
  test('nobody gives more than they have', () => {
    const limited = permit('ayse', ['read', 'write', 'general'])
    const third = { handle: 'ali', name: 'Ali', identityNumber: '11111111110' }
    expect(refusal(() => withPerson(limited, { ...third, permissions: ['delete'] }, 'ayse'))).toBe(
      'MAY_NOT_GRANT',
    )
    const added = withPerson(limited, { ...third, permissions: ['write', 'read'] }, 'ayse')
    expect(added.persons[2]).toMatchObject({ grantedBy: 'ayse', permissions: ['read', 'write'] })
    expect(refusal(() => withPermissions(limited, 'veli', ['read'], 'ayse'))).toBe('MAY_NOT_GRANT')
  })

  test('nobody takes a right that they could not have given', () => {
    const limited = permit('ayse', ['read', 'general'])
    const owner = withPermissions(limited, 'veli', ['read', 'delete'])
    expect(refusal(() => withPermissions(owner, 'veli', ['read'], 'ayse'))).toBe('MAY_NOT_GRANT')
    expect(withPermissions(owner, 'veli', ['delete'], 'ayse').persons[1]?.permissions).toEqual(['delete'])
  })

  test.each<[string, Permission[]]>([
    ['without Genel Yetkili', ['read', 'write']],
    ['with nothing', []],
  ])('%s nothing is given', (_, permissions) => {
    const account = permit('ayse', permissions)
    expect(refusal(() => withPermissions(account, 'veli', [...PERMISSIONS, 'read'], 'ayse'))).toBe(
      'MAY_NOT_GRANT',
    )
    expect(refusal(() => withActive(account, 'veli', false, 'ayse'))).toBe('MAY_NOT_GRANT')
  })

  test('who is passive gives nothing, whatever is written', () => {
    const account = withActive(both, 'ayse', false)
    expect(refusal(() => withPermissions(account, 'veli', ['read'], 'ayse'))).toBe('MAY_NOT_GRANT')
    expect(refusal(() => withActive(account, 'veli', false, 'ayse'))).toBe('MAY_NOT_GRANT')
  })
})

test.each([
  [['192.0.2.0/24', '2001:db8::/32', '203.0.113.7'], 'done'],
  [['192.0.2.0/33'], 'BAD_NETWORK'],
  [['everywhere'], 'BAD_NETWORK'],
  [Array.from({ length: 51 }, () => '192.0.2.1'), 'BAD_NETWORK'],
])('2.8: networks %j: %s', (networks, expected) => {
  expect(refusal(() => withNetworks(both, 'ayse', networks))).toBe(expected)
})
