import type { Config } from '../config/schema.ts'
import type { ImapParts } from './imap/server.ts'
import type { Listeners } from './listeners.ts'
import type { HttpParts } from './ops/http.ts'
import type { PeerServerParts } from './relay/inbound/parts.ts'
import { PeerListener } from './relay/inbound/peer-listener.ts'
import type { Role } from './roles.ts'
import { SubmissionListener } from './smtp/submission-listener.ts'
import type { SubmissionServerParts } from './smtp/submission-server.ts'

/** 0 where this process has not the role. */
export type Ports = Readonly<
  Record<'submissions' | 'submission' | 'peer' | 'imaps' | 'imap' | 'http', number>
> & {
  readonly submissionsExternal?: number
  readonly imapsExternal?: number
}

export interface PortParts {
  readonly submission: SubmissionServerParts
  readonly peer: PeerServerParts
  readonly imap: ImapParts
  readonly http: HttpParts
}

/** Each port of the configuration for which this process has the role. */
export async function openPorts(
  listeners: Listeners,
  listen: Config['listen'],
  roles: ReadonlySet<Role>,
  parts: PortParts,
): Promise<Ports> {
  const when = async (role: Role, open: () => Promise<number>) => (roles.has(role) ? open() : 0)
  const submission = (at: Config['listen']['submission'], kind: 'tls' | 'starttls' | 'certificate') =>
    listeners.smtp(at, () => new SubmissionListener(parts.submission, kind))
  return {
    submissions: await when('submission', () => submission(listen.submissions, 'tls')),
    submission: await when('submission', () => submission(listen.submission, 'starttls')),
    peer: await when('peer', () => listeners.smtp(listen.peer, () => new PeerListener(parts.peer))),
    imaps: await when('imap', () => listeners.imap(listen.imaps, parts.imap, 'tls')),
    imap: await when('imap', () => listeners.imap(listen.imap, parts.imap, 'starttls')),
    http: await listeners.http(listen.http, parts.http),
    ...(roles.has('submission') &&
      listen.submissionsExternal && {
        submissionsExternal: await submission(listen.submissionsExternal, 'certificate'),
      }),
    ...(roles.has('imap') &&
      listen.imapsExternal && {
        imapsExternal: await listeners.imap(listen.imapsExternal, parts.imap, 'certificate'),
      }),
  }
}
