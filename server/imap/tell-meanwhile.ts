import { StoreError } from '../../storage/port.ts'
import { ConnectionLost, Farewell } from './failure.ts'
import type { Session } from './session.ts'

/**
 * Tells what changed while no command can be answered: within IDLE, whose DONE is awaited, and between commands. So what cannot be
 * looked at now is looked at with the next hint, at the latest when the connection is kept alive; a fault of ours ends the
 * connection with a last word.
 */
export async function tellMeanwhile(session: Session, expunge: 'all' | 'no-expunge'): Promise<void> {
  try {
    await session.refresh()
    await session.sync(expunge)
  } catch (error) {
    if (error instanceof ConnectionLost || error instanceof Farewell) throw error
    if (error instanceof StoreError && error.code === 'UNAVAILABLE') return
    session.parts.events.internalError('imap', error)
    throw new Farewell('Bir hata olustu / Something went wrong on our side')
  }
}
