import { type ImapSession, openImapSession } from '../../client/imap-session.ts'
import type { Chance } from './chance.ts'
import type { Findings } from './findings.ts'
import type { History } from './history.ts'
import type { Machine } from './machines.ts'
import { PASSWORD, type SharedProvider } from './provider.ts'
import { rest, type Weather } from './weather.ts'

/** What every client of a run has. */
export interface ClientParts {
  readonly provider: SharedProvider
  readonly history: History
  readonly findings: Findings
  readonly weather: Weather
  readonly chance: Chance
  /** From here on nothing new is begun. */
  readonly over: AbortSignal
}

const BEFORE_NEXT_MS = 200

/**
 * Goes on with a new session, on another machine if need be, until it is over. A session may end at any time: its machine
 * was killed, or the store did not answer.
 */
export async function inSessions(
  parts: ClientParts,
  account: string,
  use: (session: ImapSession, machine: Machine) => Promise<void>,
): Promise<void> {
  while (!parts.over.aborted) {
    const machine = parts.chance.one(parts.provider.having('imap'))
    await inSession(machine, account, (session) => use(session, machine)).catch(() => {})
    await rest(BEFORE_NEXT_MS, parts.over)
  }
}

/** Rejects where the machine is down, or the session ends. */
export async function inSession<T>(
  machine: Machine,
  account: string,
  use: (session: ImapSession) => Promise<T>,
  heard?: (line: string) => void,
): Promise<T> {
  const where = machine.where('imaps')
  if (where === undefined) throw new Error(`${machine.name} is down`)
  await using session = await openImapSession(where, { user: account, password: PASSWORD }, heard)
  return await use(session)
}

/** Its lines; rejects where the answer is not OK. */
export async function lines(session: ImapSession, command: string): Promise<readonly string[]> {
  const answer = await session.command(command)
  if (answer.status !== 'OK') throw new Error(`${command}: ${answer.status} ${answer.text}`)
  return answer.lines
}

/** UIDs of the selected mailbox. */
export async function uidsIn(session: ImapSession): Promise<number[]> {
  const found = (await lines(session, 'UID SEARCH ALL')).find((line) => line.startsWith('* SEARCH'))
  return (found ?? '').split(' ').slice(2).filter(Boolean).map(Number)
}
