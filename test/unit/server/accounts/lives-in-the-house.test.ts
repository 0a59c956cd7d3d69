/** A life of an account as the house sees it: the directory, the rules of sending and logins, under a clock that goes on. */
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { DEFAULT_PROFILE } from '../../../../evidence/index.ts'
import { catalog } from '../../../../plugins/catalog.ts'
import { Pipeline } from '../../../../plugins/pipeline.ts'
import { AccountDirectory } from '../../../../server/accounts/directory.ts'
import { closed, reopened, withSpace } from '../../../../server/accounts/lifecycle.ts'
import { loginAsOf } from '../../../../server/accounts/login-as-of.ts'
import { changePerson } from '../../../../server/accounts/persons.ts'
import { Disk } from '../../../fakes/memory-store/disk.ts'
import { openMemoryStore } from '../../../fakes/memory-store.ts'

const ADDRESS = 'ayse.isik@hs98.kep.tr'
const HOLDER = { type: 'tckn', number: '10000000146' } as const
const TERM = { months: 3, zone: 'Europe/Istanbul' }
const DAY = 86_400_000
const FREE = 100
const BOUGHT = 50

const CERTIFICATE = 'ab'.repeat(32)
const login = {
  account: ADDRESS,
  handle: 'ayse',
  at: 0,
  method: 'certificate',
  ip: '192.0.2.1',
  proof: CERTIFICATE,
} as const

const step = fc.record({
  days: fc.integer({ min: 0, max: 50 }),
  what: fc.constantFrom('receive', 'receive', 'delete', 'buy', 'close', 'reopen', 'nothing'),
})

test('open, full, bought space, lapse, closed, locked, opened again: what it may do follows from what happened when', async () => {
  const told = new Set<string>()
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 5, maxLength: 25 }), async (steps) => {
      let now = Date.UTC(2027, 10, 29, 20, 59) // before the end of November, and before a leap year
      let used = 0
      let closedAt: number | undefined
      let spaceUntil = 0
      const clock = { now: () => new Date(now), monotonic: () => now }
      await using store = await openMemoryStore(new Disk())
      const directory = new AccountDirectory(store, { hash: async () => '' } as never, 'hs98.kep.tr', clock)
      const pipeline = new Pipeline(
        ['account-may-send', 'quota', ...[...catalog.keys()].filter((name) => name.startsWith('evidence-'))],
        {
          domain: 'hs98.kep.tr',
          provider: { name: 'Deneme', serviceAddress: 'kep@hs98.kep.tr' },
          profile: DEFAULT_PROFILE,
          usageOf: async () => used,
        } as never,
        (_plugin, _hook, error) => {
          throw error
        },
      )
      await directory.create({
        address: ADDRESS,
        kind: 'natural',
        service: 'send-receive',
        holder: 'Ayşe Işık',
        identity: HOLDER,
        quota: FREE,
        persons: [{ handle: 'ayse', name: 'Ayşe Işık', identityNumber: HOLDER.number }],
        active: true,
      })
      await directory.change(ADDRESS, (account) =>
        changePerson(account, 'ayse', (one) => ({ ...one, loginCertificates: [CERTIFICATE] })),
      )
      for (const { days, what } of steps) {
        now += days * DAY
        const isClosed = closedAt !== undefined
        if (what === 'receive' && !isClosed) used += 30
        if (what === 'delete' && !isClosed) used = 0
        if (what === 'buy') {
          spaceUntil = now + 40 * DAY
          await directory.change(ADDRESS, (account) => withSpace(account, BOUGHT, new Date(spaceUntil)))
        }
        if (what === 'close' && !isClosed) {
          await directory.change(ADDRESS, (account) => closed(account, 'istek', clock.now(), TERM))
          closedAt = now
        }
        if (what === 'reopen' && isClosed) {
          await directory.change(ADDRESS, (account) => reopened(account, HOLDER))
          closedAt = undefined
        }
        const account = await directory.get(ADDRESS)
        const person = account?.persons[0]
        if (account === undefined || person === undefined) throw new Error('the account is gone')
        const verdict = await pipeline.ask('mail', {
          session: {
            login,
            account,
            person,
            clientName: '',
          },
          from: ADDRESS,
          declaredSize: undefined,
        })
        const quota = FREE + (now < spaceUntil ? BOUGHT : 0)
        const expected =
          closedAt !== undefined ? 'ACCOUNT_NOT_ACTIVE' : used >= quota ? 'QUOTA_EXCEEDED' : 'sends'
        const said = verdict.kind === 'refuse' ? verdict.code : 'sends'
        expect(said).toBe(expected)
        // Full, it still receives; closed, it does not; readable for three months at least and for four never.
        expect(account.state === 'active').toBe(closedAt === undefined)
        const reads = loginAsOf(account, login) !== undefined
        if (closedAt === undefined || now < closedAt + 90 * DAY) expect(reads).toBe(true)
        if (closedAt !== undefined && now > closedAt + 94 * DAY) expect(reads).toBe(false)
        told.add(`${said} ${account.state} ${now < spaceUntil ? 'bought' : 'free'}`)
      }
    }),
    { numRuns: 300 },
  )
  for (const life of [
    'sends active free',
    'QUOTA_EXCEEDED active free',
    'sends active bought',
    'QUOTA_EXCEEDED active bought',
    'ACCOUNT_NOT_ACTIVE closed free',
    'ACCOUNT_NOT_ACTIVE locked free',
  ])
    expect(told).toContain(life)
})
