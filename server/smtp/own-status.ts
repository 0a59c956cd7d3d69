import type { SMTPServer } from 'smtp-server'

/**
 * smtp-server writes one enhanced status for each reply code (550 is always 5.1.1). Ours are exact, so where a text
 * begins with one, its own is left out. [RFC 2034 §3] [RFC 3463 §2]
 */
export function keepOwnStatus(server: SMTPServer, sessionId: string): void {
  for (const connection of server.connections) {
    if (connection.id !== sessionId) continue
    const send = connection.send.bind(connection)
    connection.send = (code, data, context) =>
      send(code, data, typeof data === 'string' && /^[245]\.\d{1,3}\.\d{1,3} /.test(data) ? false : context)
    return
  }
}
