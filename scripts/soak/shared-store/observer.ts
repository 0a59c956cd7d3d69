import { setTimeout } from 'node:timers/promises'
import type { ImapSession } from '../../client/imap-session.ts'
import { type ClientParts, inSession, lines, uidsIn } from './client-parts.ts'
import type { Machine } from './machines.ts'
import type { Sightings } from './sightings.ts'
import { MailboxView } from './view.ts'
import { rest } from './weather.ts'

export interface Watched {
  /** The machine to which it always comes back, so that neighbours sit on different ones. */
  readonly machine: Machine
  readonly account: string
  readonly box: string
  readonly by: 'IDLE' | 'NOOP'
  readonly sightings: Sightings
}

const ASKS_MS = 300
const IDLES_MS = 2_000
const BEFORE_NEXT_MS = 200

/**
 * Keeps a mailbox open and believes what it is told of it, as a mail program does, until everything is at rest. Then what
 * it has come to believe is compared with what a new session on another machine is told.
 */
export async function observe(parts: ClientParts, watched: Watched, atRest: AbortSignal): Promise<void> {
  for (let isCompared = false; !isCompared; ) {
    isCompared = await oneSession(parts, watched, atRest).catch(() => false)
    if (!isCompared) await setTimeout(BEFORE_NEXT_MS)
  }
}

function oneSession(parts: ClientParts, watched: Watched, atRest: AbortSignal): Promise<boolean> {
  const { account, box, machine, sightings } = watched
  const view = new MailboxView(parts.findings, `${account} ${box} on ${machine.name}`)
  const opened = performance.now()
  const use = async (session: ImapSession): Promise<boolean> => {
    let mark = sightings.mark()
    await lines(session, `SELECT ${box}`)
    for (;;) {
      await name(session, view)
      const fresh = view.takeFresh()
      sightings.saw(fresh, mark)
      for (const uid of fresh)
        tellWait(parts, sightings.shownElsewhere(uid, machine, view.newsAt), opened, view)
      if (atRest.aborted) return compare(parts, watched, view)
      mark = sightings.mark()
      if (watched.by === 'IDLE') await session.idle(news(view, atRest))
      else await rest(ASKS_MS, atRest)
      await lines(session, 'NOOP')
    }
  }
  return inSession(machine, account, use, view.heard)
}

/** One FETCH may find some of them gone. */
async function name(session: ImapSession, view: MailboxView): Promise<void> {
  const { unnamed } = view
  if (unnamed !== undefined) await lines(session, `FETCH ${unnamed} (UID FLAGS)`)
}

/** Until a message comes, it is over, or it has been long enough. */
async function news(view: MailboxView, atRest: AbortSignal): Promise<void> {
  const [before, until] = [view.newsAt, performance.now() + IDLES_MS]
  while (!atRest.aborted && view.newsAt === before && performance.now() < until) await setTimeout(10)
}

/** Only where this session could have shown it all the time, and nothing stood in the way. */
function tellWait(
  { history, weather }: ClientParts,
  shown: number | undefined,
  opened: number,
  { newsAt }: MailboxView,
): void {
  if (shown !== undefined && shown > opened && weather.wasCalmSince(shown))
    history.longestWait = Math.max(history.longestWait, newsAt - shown)
}

async function compare(
  { provider, findings }: ClientParts,
  { account, box, machine }: Watched,
  view: MailboxView,
): Promise<boolean> {
  const other = provider.having('imap').find((one) => one !== machine) ?? machine
  const now = await inSession(other, account, async (session) => {
    await lines(session, `SELECT ${box}`)
    return uidsIn(session)
  })
  findings.expect(
    String(now) === String(view.uids),
    'otherViews',
    () => `${account} ${box}: ${view.uids} on ${machine.name}, ${now} on ${other.name}`,
  )
  return true
}
