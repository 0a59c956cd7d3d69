import type { Target } from './target.ts'
import { certificate } from './targets/certificate.ts'
import { cms, opaque } from './targets/cms.ts'
import { der } from './targets/der.ts'
import { evidence, trustList } from './targets/evidence.ts'
import { imapCommand } from './targets/imap-command.ts'
import { imapSession } from './targets/imap-session.ts'
import { imapText } from './targets/imap-text.ts'
import { message, smime } from './targets/message.ts'
import { mime } from './targets/mime.ts'
import { pkcs12 } from './targets/pkcs12.ts'
import { record } from './targets/record.ts'
import { crl, ocsp } from './targets/status.ts'
import { tsp } from './targets/tsp.ts'
import { xml } from './targets/xml.ts'

const trust: readonly Target[] = [
  der,
  certificate,
  cms,
  opaque,
  crl,
  ocsp,
  tsp,
  pkcs12,
  record,
  xml,
  evidence,
  trustList,
  mime,
  smime,
  message,
]
const imap: readonly Target[] = [imapCommand, imapText, imapSession]

/** What is fuzzed together: readers of what is signed, and the server that people's programs talk to. */
export const GROUPS: ReadonlyMap<string, readonly Target[]> = new Map([
  ['trust', trust],
  ['imap', imap],
])

export const TARGETS: readonly Target[] = [...GROUPS.values()].flat()

export const targetNamed = (name: string): Target | undefined =>
  TARGETS.find((target) => target.name === name)
