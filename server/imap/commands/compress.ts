import { command } from '../command.ts'
import { bad, no } from '../failure.ts'

/** After login alone, where no secret of ours travels any more that a neighbour's text could be compared with. [RFC 4978 §3] */
export const compress = command({
  name: 'COMPRESS',
  state: 'authenticated',
  sync: 'nothing',
  parse: (cursor) => {
    cursor.space()
    return cursor.keyword()
  },
  run: async (session, mechanism) => {
    if (mechanism !== 'DEFLATE') throw bad('There is no such mechanism')
    if (session.compressed)
      throw no('COMPRESSIONACTIVE', 'Baglanti zaten sikistirilmis', 'The connection is compressed already')
    session.next = 'compress'
    return 'From now on compressed'
  },
})
