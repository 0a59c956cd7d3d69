import { Bell } from '../bell.ts'
import { KEEPALIVE_MS } from '../limits.ts'
import type { Session } from '../session.ts'
import { tellMeanwhile } from '../tell-meanwhile.ts'

/**
 * Tells a client that asked for it what happens while no command is at work, until it says something. [RFC 5465 §3] Nothing of the
 * command is read here, so that what is told never comes between its pieces.
 */
export async function listen(session: Session): Promise<void> {
  const { notifications, input, out } = session
  if (notifications === undefined || input.pending > 0) return
  const bell = new Bell<'changed' | 'spoken'>()
  const stop = session.watchChanges(() => bell.ring('changed'))
  const look = setInterval(() => notifications.lookAtNames(), KEEPALIVE_MS)
  const spoken = input.arrival()
  spoken.then(
    () => bell.ring('spoken'),
    () => bell.ring('spoken'),
  )
  try {
    bell.ring('changed')
    while (!(await bell.wait()).has('spoken')) {
      await tellMeanwhile(session, notifications.selected.tells === 'at once' ? 'all' : 'no-expunge')
      await out.flush()
    }
  } finally {
    stop()
    clearInterval(look)
  }
  await spoken
}
