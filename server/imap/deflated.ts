import type { Duplex } from 'node:stream'
import { constants, createDeflateRaw, createInflateRaw } from 'node:zlib'

/**
 * Half of what zlib takes when it is asked for nothing: a window of 8 KiB and tables to fit, some 70 KiB a connection, for a few
 * per cent more octets. What is read may use any window.
 */
const WINDOW_BITS = 13
const MEMORY_LEVEL = 6

export interface Deflated {
  readonly input: Duplex
  readonly output: Duplex
  /**
   * Begins to read and write; nobody else does from now on.
   *
   * @param onBroken octets came that are no DEFLATE: nobody could find the next command after them
   */
  join(connection: Duplex, onBroken: () => void): void
}

/** Both directions of a connection under raw DEFLATE. [RFC 4978 §4] Neither side reads faster than its reader does. */
export function deflated(): Deflated {
  const input = createInflateRaw()
  const output = createDeflateRaw({
    windowBits: WINDOW_BITS,
    memLevel: MEMORY_LEVEL,
    // Every answer leaves when it is written.
    flush: constants.Z_SYNC_FLUSH,
  })
  const join = (connection: Duplex, onBroken: () => void): void => {
    connection.on('close', () => {
      input.destroy()
      output.destroy()
    })
    input.on('error', onBroken)
    output.on('error', () => connection.destroy())
    connection.pipe(input)
    output.pipe(connection)
  }
  return { input, output, join }
}
