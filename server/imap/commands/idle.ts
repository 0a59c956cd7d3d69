import { Bell } from '../bell.ts'
import { command, noArguments } from '../command.ts'
import { bad, Farewell } from '../failure.ts'
import { KEEPALIVE_MS, MAX_LINE } from '../limits.ts'
import { tellMeanwhile } from '../tell-meanwhile.ts'

/** Tells what changes until the client says DONE. [RFC 9051 §6.3.13] */
export const idle = command({
  name: 'IDLE',
  state: 'authenticated',
  sync: 'all',
  parse: noArguments,
  run: async (session) => {
    const { input, out } = session
    out.raw('+ idling\r\n')
    const bell = new Bell<'changed' | 'still here' | 'answered'>()
    const stop = session.watchChanges(() => bell.ring('changed'))
    const keepalive = setInterval(() => {
      session.notifications?.lookAtNames()
      bell.ring('still here')
    }, KEEPALIVE_MS)
    const silence = input.silenceMs
    input.silenceMs = 0 // the client has nothing to say; who is gone is noticed by the keepalive
    const answer = input.line(MAX_LINE)
    answer.then(
      () => bell.ring('answered'),
      () => bell.ring('answered'),
    )
    try {
      await tellMeanwhile(session, 'all')
      for (;;) {
        await out.flush()
        const rang = await bell.wait()
        if (rang.has('answered')) break
        if (rang.has('still here')) out.untagged('OK Still here')
        await tellMeanwhile(session, 'all')
      }
    } finally {
      stop()
      clearInterval(keepalive)
      input.silenceMs = silence
    }
    const line = await answer
    if (line === undefined) throw new Farewell('The connection ended')
    if (line.toUpperCase() !== 'DONE') throw bad('IDLE ends with DONE')
    return 'IDLE done'
  },
})
