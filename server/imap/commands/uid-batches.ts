import { command } from '../command.ts'
import { CommandError, no } from '../failure.ts'
import { tagString } from '../wire-text.ts'

/** Smaller ones would only be more commands for the same messages. */
const MIN_BATCH = 500

/**
 * Ranges of UIDs with so many messages each, the newest first; together they are all UIDs up to the newest. Of those, the
 * batches that are asked for. [draft-ietf-mailmaint-imap-uidbatches §3]
 */
export const uidBatches = command({
  name: 'UIDBATCHES',
  state: 'selected',
  sync: 'all',
  parse: (cursor) => {
    cursor.space()
    const size = cursor.nonZero()
    if (!cursor.take(' ')) return { size, first: 1, last: Number.POSITIVE_INFINITY }
    const first = cursor.nonZero()
    cursor.expect(':')
    const last = cursor.nonZero()
    if (last < first) throw new CommandError('BAD', 'CLIENTBUG', 'The range is written from its end')
    return { size, first, last }
  },
  run: async (session, { size, first, last }) => {
    if (size < MIN_BATCH)
      throw no(
        'TOOFEW',
        `Bir bolukte en az ${MIN_BATCH} ileti olur`,
        `A batch has at least ${MIN_BATCH} messages`,
      )
    const { uids } = session.box
    const batches = Math.ceil(uids.length / size)
    const ranges: string[] = []
    for (let batch = first; batch <= Math.min(last, batches); batch++) {
      const newest = uids.length - 1 - (batch - 1) * size
      const older = newest - size
      ranges.push(`${uids.at(newest)}:${older < 0 ? 1 : uids.at(older) + 1}`)
    }
    session.out.untagged(
      [
        'UIDBATCHES',
        `(TAG ${tagString(session.tag)})`,
        ...(ranges.length > 0 ? [ranges.join(',')] : []),
      ].join(' '),
    )
    return 'UIDBATCHES done'
  },
})
