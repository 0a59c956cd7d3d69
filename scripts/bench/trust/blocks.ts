/**
 * How long the hardest works of the trust core hold the thread that serves connections: done there, and done through the
 * desk, as the daemon does them. [I9]
 */
import { hash } from 'node:crypto'
import { setImmediate as turn } from 'node:timers/promises'
import { signDetached } from '../../../evidence/cms/sign.ts'
import { deskHere, type TrustDesk } from '../../../evidence/desk/desk.ts'
import { remoteDesk } from '../../../evidence/desk/remote-desk.ts'
import { issueCrl } from '../../../evidence/x509/issue.ts'
import { signEvidence } from '../../../evidence/xades/sign.ts'
import { TrustPool } from '../../../server/workers/trust-pool.ts'
import { draftOf } from './draft.ts'
import { type Identities, makeIdentities } from './identities.ts'

const TURNS = 9
const ENTRIES = 50_000
const RECIPIENTS = 1_000
/** As much as is read of one delil: 8 MiB, 200,000 nodes. */
const NODES = 190_000

export interface BlockFigures {
  readonly work: string
  readonly octets: number
  /** CPU of this thread in its longest stretch without a turn of the loop, medians: done here, and through the desk. */
  readonly hereMs: number
  readonly deskMs: number
  /** From question to answer. */
  readonly answeredMs: { readonly here: number; readonly desk: number }
}

interface Work {
  readonly name: string
  readonly octets: number
  do(desk: TrustDesk): Promise<unknown>
}

export async function measureBlocks(): Promise<BlockFigures[]> {
  await using pool = new TrustPool({ threads: 1 })
  const desk = remoteDesk((job, signal) => pool.run(job, signal))
  const figures: BlockFigures[] = []
  for (const work of await worksOf(makeIdentities('rsa-2048'), desk)) {
    const here = await measure(() => work.do(deskHere))
    const there = await measure(() => work.do(desk))
    figures.push({
      work: work.name,
      octets: work.octets,
      hereMs: here.block,
      deskMs: there.block,
      answeredMs: { here: here.whole, desk: there.whole },
    })
  }
  return figures
}

async function worksOf(who: Identities, desk: TrustDesk): Promise<Work[]> {
  const content = Buffer.from('Sayin ilgili')
  const at = new Date()
  const delil = (recipients: number) =>
    signEvidence(draftOf(content, recipients, recipients), who.provider, who.timestamper, at)
  const options = { ...who.trust, now: at }
  const evidence = (name: string, octets: Uint8Array): Work => ({
    name,
    octets: octets.length,
    do: (on) => on.evidence(octets, options),
  })
  const list = issueCrl({
    issuer: who.issuer,
    number: 2,
    thisUpdate: who.user.certificate.notBefore,
    nextUpdate: who.user.certificate.notAfter,
    revoked: Array.from({ length: ENTRIES }, (_, index) => ({
      serial: Uint8Array.of(1, index >> 16, (index >> 8) & 255, index & 255, 1, 2, 3, 4, 5, 6, 7, 8),
      date: at,
    })),
  })
  const held = desk.hold(list)
  const cms = await signDetached({
    digest: hash('sha256', content, 'buffer'),
    signer: who.user,
    signingTime: at,
  })
  const path = (crl: Uint8Array) => ({ ...who.trust, crls: [crl], at })
  return [
    {
      name: 'a signature of one signer',
      octets: cms.length,
      do: (on) => on.signature(cms, (name) => hash(name, content, 'buffer')),
    },
    {
      name: 'a path with a small list',
      octets: who.trust.crls[0]?.length ?? 0,
      do: (on) => on.path(who.user.certificate, { ...who.trust, at }),
    },
    { name: 'a list that is new', octets: list.length, do: (on) => on.list(on.hold(Uint8Array.from(list))) },
    {
      name: 'a path with a large list that is known',
      octets: list.length,
      do: (on) => on.path(who.user.certificate, path(held)),
    },
    evidence('evidence to one recipient', await delil(1)),
    evidence(`evidence to ${RECIPIENTS}`, await delil(RECIPIENTS)),
    evidence('XML of a stranger', Buffer.from(`<r>${`<a>${'b'.repeat(35)}</a>`.repeat(NODES)}</r>`)),
  ]
}

/** What others take of the machine holds no loop of ours. */
function ownCpuMs(): number {
  const { user, system } = process.threadCpuUsage()
  return (user + system) / 1000
}

async function measure(act: () => Promise<unknown>): Promise<{ block: number; whole: number }> {
  await act()
  const turns: { block: number; whole: number }[] = []
  for (let count = 0; count < TURNS; count++) {
    let block = 0
    let done = false
    const began = performance.now()
    let last = ownCpuMs()
    const acting = act().finally(() => {
      done = true
    })
    while (!done) {
      await turn()
      const now = ownCpuMs()
      block = Math.max(block, now - last)
      last = now
    }
    await acting
    turns.push({ block, whole: performance.now() - began })
  }
  return { block: median(turns.map((one) => one.block)), whole: median(turns.map((one) => one.whole)) }
}

const median = (values: readonly number[]): number => values.toSorted((a, b) => a - b)[values.length >> 1]!
