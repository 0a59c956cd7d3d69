import { setTimeout } from 'node:timers/promises'
import type { SMTPServer, SMTPServerOptions } from 'smtp-server'

/** A command line of 512 octets with room for AUTH; longer ones are an attack. [RFC 5321 §4.5.3.1.4] [RFC 4954 §4] */
const MAX_COMMAND = 4096
/** [RFC 8314 §3.1] */
export const MIN_TLS = 'TLSv1.2'

/** What every listener of ours asks of the SMTP engine. */
export const ENGINE = {
  banner: 'OpenKEP',
  minVersion: MIN_TLS,
  hideSMTPUTF8: true, // raw 8-bit header fields could not be shown by every reader of the evidence
  hideDSN: true, // evidence is the notification
  hideENHANCEDSTATUSCODES: false,
  disableReverseLookup: true,
  maxCommandLength: MAX_COMMAND,
  socketTimeout: 5 * 60_000,
  closeTimeout: 30_000,
  logger: false,
} as const satisfies SMTPServerOptions

/** Takes no connection, lets messages that are being received finish within the time, then ends the rest. */
export async function drainEngine(
  server: SMTPServer,
  receiving: () => number,
  graceMs: number,
): Promise<void> {
  server.server.close()
  const until = performance.now() + graceMs
  while (receiving() > 0 && performance.now() < until) await setTimeout(50)
  await closeEngine(server)
}

export async function closeEngine(server: SMTPServer): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>()
  for (const connection of server.connections) connection.close()
  server.close(() => resolve())
  await promise
}
