import type { AccountDirectory } from '../../server/accounts/directory.ts'

/** Accounts that are made at once, so that they share commits. */
const TOGETHER = 50
/** Whom the development certificate of the sender names; every account has this person. */
const SIGNER = '10000000146'

export const addressOf = (number: number, domain: string): string => `hesap${number}.bench@${domain}`

/** Legal persons' accounts, each with so many persons `kisi0`, `kisi1`, …; all have every right. */
export async function fillAccounts(
  directory: AccountDirectory,
  { domain, accounts, persons }: { domain: string; accounts: number; persons: number },
): Promise<void> {
  const all = Array.from({ length: persons }, (_, i) => ({
    handle: `kisi${i}`,
    name: `Deneme Kişi ${i}`,
    identityNumber: i === 0 ? SIGNER : citizenNumber(100_000_100 + i),
  }))
  for (let done = 0; done < accounts; done += TOGETHER)
    await Promise.all(
      Array.from({ length: Math.min(TOGETHER, accounts - done) }, (_, i) =>
        directory.create({
          address: addressOf(done + i, domain),
          kind: 'legal',
          service: 'send-receive',
          holder: `Hesap ${done + i} Bench`,
          quota: 1_000_000_000,
          persons: all,
          active: true,
        }),
      ),
    )
}

/** Nine digits and the two that check them. */
function citizenNumber(nine: number): string {
  const digits = [...String(nine)].map(Number)
  const sumOf = (rest: number) => digits.filter((_, i) => i % 2 === rest).reduce((a, b) => a + b, 0)
  const [odd, even] = [sumOf(0), sumOf(1)]
  const tenth = (((odd * 7 - even) % 10) + 10) % 10
  return `${nine}${tenth}${(odd + even + tenth) % 10}`
}
