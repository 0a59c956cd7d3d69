import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { callControl } from '../../server/ops/api/client.ts'
import { controlSocketPath } from '../../server/ops/data-lock.ts'
import { booksOf } from './books.ts'
import { type SoakProvider, startProviders } from './providers.ts'
import { faultsOf, type PurseBooks, purseBooksOf } from './purse-books.ts'
import { prepare, quiet, stream } from './traffic.ts'

const DOMAIN = 'hs98.kep.tr'
const SENDER = `deneme.gonderen@${DOMAIN}`
const RECIPIENT = `deneme.alici@${DOMAIN}`
/** Is accepted and not delivered: what it costs comes back. */
const NOBODY = `yok.boyle.biri@${DOMAIN}`
/** Between two kills, ms. */
const LIFE_MS = { least: 200, most: 1200 }
/** Kuruş. */
const PRICE = 150
const DEPOSIT = 1000

const bands = [{ upTo: '100 MB', units: 1, price: PRICE }]
const TARIFF = {
  types: { standart: { bands }, eYazisma: { bands }, eTebligat: { bands } },
  sms: { price: 20 },
}

export interface KillPurseReport {
  readonly kills: number
  readonly messages: number
  /** Submissions that heard 250. */
  readonly acknowledged: number
  /** Kills after which the books did not add up, with the first of what was found. */
  readonly brokenBooks: number
  readonly faults: readonly string[]
  /** Recipients who got the message and were not charged, or twice; who did not get it and were charged or not given back. */
  readonly notCharged: number
  readonly chargedTwice: number
  readonly wronglyCharged: number
  readonly notGivenBack: number
  /** Messages of which something is still set aside. */
  readonly leftReserved: number
  /** Set aside for submissions that died before their acceptance, and given back. */
  readonly swept: number
  /** Deposits that were booked twice or not at all. */
  readonly wrongDeposits: number
  readonly seconds: number
}

/**
 * A provider as a process, clients that submit, an operator who books deposits, and kill -9 at random moments. After each
 * kill the books are added up as they were left; at the end they are compared with what was delivered.
 */
export async function killPurse(
  { kills, messages }: { readonly kills: number; readonly messages: number },
  progress: (text: string) => void = () => {},
): Promise<KillPurseReport> {
  const began = performance.now()
  await using parts = new AsyncDisposableStack()
  const root = await mkdtemp(join(tmpdir(), 'openkep-soak-'))
  parts.defer(() => rm(root, { recursive: true, force: true }))
  const folder = join(root, DOMAIN)
  const acknowledged = new Map<string, readonly string[]>()
  const faults: string[] = []
  let brokenBooks = 0
  {
    await using running = new AsyncDisposableStack()
    const [provider] = await startProviders(root, [DOMAIN], running, { tariff: TARIFF })
    if (provider === undefined) throw new RangeError('one provider')
    // Fewer units than recipients, so that money is used too.
    await callControl(
      controlSocketPath(folder),
      'credit add',
      { address: SENDER, package: 'kep', units: Math.ceil(messages / 2) },
      () => {},
    )
    await book(provider, 'first', messages * PRICE * 2)
    const waiting = await prepare(
      provider,
      SENDER,
      Array.from({ length: messages }, (_, number) => (number % 3 === 0 ? [RECIPIENT, NOBODY] : [RECIPIENT])),
    )
    const heard = (id: string, { to }: { to: readonly string[] }): void => void acknowledged.set(id, to)
    for (let kill = 1; kill <= kills; kill++) {
      const batch = waiting.splice(0, Math.ceil(waiting.length / (kills - kill + 1)))
      const sending = stream(provider, SENDER, batch, heard)
      const booking = book(provider, `kill-${kill}`, DEPOSIT).then(
        () => true,
        () => false,
      )
      await setTimeout(LIFE_MS.least + Math.random() * (LIFE_MS.most - LIFE_MS.least))
      await provider.kill()
      await sending
      const booked = await booking
      waiting.push(...batch) // whoever missed the 250 sends the same octets again
      const found = await faultsOf(folder, SENDER)
      if (found.length > 0) brokenBooks++
      faults.push(...found.map((fault) => `kill ${kill}: ${fault}`))
      await provider.restart()
      if (!booked) await book(provider, `kill-${kill}`, DEPOSIT)
      if (kill % 10 === 0) progress(`${kill} kills, ${acknowledged.size} acknowledged, ${brokenBooks} broken`)
    }
    await stream(provider, SENDER, waiting, heard)
    if (waiting.length > 0) throw new Error(`${waiting.length} messages could not be handed in`)
    await quiet([provider], progress)
  }
  const books = await purseBooksOf(folder, SENDER)
  const { copies } = await booksOf(folder, RECIPIENT)
  return {
    kills,
    messages,
    acknowledged: acknowledged.size,
    brokenBooks: brokenBooks + (books.faults.length > 0 ? 1 : 0),
    faults: [...faults, ...books.faults].slice(0, 10),
    ...compare(acknowledged, copies, books),
    leftReserved: books.open,
    swept: books.swept,
    wrongDeposits: Math.abs(books.deposited - messages * PRICE * 2 - kills * DEPOSIT) / DEPOSIT,
    seconds: Math.round((performance.now() - began) / 1000),
  }
}

/** Under a receipt: repeated, it is booked once. */
async function book({ folder }: SoakProvider, receipt: string, kurus: number): Promise<void> {
  const args = { address: SENDER, deposit: kurus, receipt }
  await callControl(controlSocketPath(folder), 'credit add', args, () => {})
}

/** Position 1 is the one who gets it, 2 the one who does not. */
function compare(
  acknowledged: ReadonlyMap<string, readonly string[]>,
  copies: ReadonlyMap<string, number>,
  { charged, givenBack }: PurseBooks,
) {
  const ids = [...acknowledged.keys()]
  const times = (list: readonly number[] | undefined, position: number): number =>
    list?.filter((one) => one === position).length ?? 0
  return {
    notCharged: ids.filter((id) => copies.get(id) !== 1 || times(charged.get(id), 1) === 0).length,
    chargedTwice: [...charged.values()].filter((list) => new Set(list).size < list.length).length,
    wronglyCharged: [...charged].filter(([id, list]) => !acknowledged.has(id) || list.includes(2)).length,
    notGivenBack: [...acknowledged].filter(([id, to]) => to.length > 1 && times(givenBack.get(id), 2) !== 1)
      .length,
  }
}
