/** The user's message inside a dispatch: its digests and, for the record alone, its own signature. */
import { createHash } from 'node:crypto'
import type { MimePart } from '../../mail/mime-part.ts'
import { scratchFor } from '../../storage/port.ts'
import type { HashName } from '../ports.ts'
import { type OpenRange, readUserSignature } from '../smime/user-signature.ts'
import type { PeerTrust } from './trust.ts'

export interface PeerOriginal {
  /** First octet of the message's header, within the dispatch. */
  readonly headerStart: number
  /** Octets of the message beyond its header, within the dispatch. */
  readonly contentStart: number
  readonly contentEnd: number
  /** Base64, over the exact octets of the part. [EN 319 532-4 §C.4.5.1] */
  readonly digests: ReadonlyMap<HashName, string>
}

export async function readOriginal(
  part: MimePart,
  nested: MimePart,
  names: Iterable<HashName>,
  open: OpenRange,
): Promise<PeerOriginal> {
  const hashes = new Map([...new Set<HashName>(['sha256', ...names])].map((name) => [name, createHash(name)]))
  const range = { start: part.bodyStart, end: part.bodyEnd }
  for await (const piece of open(range, scratchFor(range.end - range.start)))
    for (const hash of hashes.values()) hash.update(piece)
  return {
    headerStart: nested.headerStart,
    contentStart: nested.bodyStart,
    contentEnd: nested.bodyEnd,
    digests: new Map([...hashes].map(([name, hash]) => [name, hash.digest('base64')])),
  }
}

/** One short line: `valid`, `invalid`, `none`, … with signer and issuer. */
export async function userSignatureLine(
  nested: MimePart,
  open: OpenRange,
  { users, at }: PeerTrust,
): Promise<string> {
  try {
    const index = { root: nested, size: nested.bodyEnd, faults: [] }
    const signature = await readUserSignature(index, undefined, open, users.desk)
    if (signature.form === 'none' || signature.form === 'encrypted') return signature.form
    const { signers, certificates: intermediates } = signature.report
    let unchecked = false
    // All of them must hold; the first that does not is told.
    for (const signer of signers) {
      if (!signer.ok) return line('invalid', signer.failure, signer.certificate)
      const { certificate } = signer
      const path = await users.validate(certificate, { intermediates, at, revocation: 'if-present' })
      if (!path.ok) return line('invalid', path.failure, certificate)
      unchecked ||= path.revocation !== 'checked'
    }
    const [first] = signers
    if (first === undefined) return line('invalid', 'NO_SIGNERS', undefined)
    return line('valid', unchecked ? 'revocation not checked' : '', first.certificate)
  } catch {
    return 'not judged' // the sender's provider answered for it; our trouble is no reason against the dispatch
  }
}

interface Shown {
  readonly subject: { readonly commonName: string | undefined }
  readonly issuer: { readonly text: string }
  readonly fingerprint: string
}

function line(verdict: string, why: string, certificate: Shown | undefined): string {
  const signer =
    certificate === undefined
      ? []
      : [certificate.subject.commonName ?? certificate.fingerprint, certificate.issuer.text]
  const parts = [why === '' ? verdict : `${verdict} (${why})`, ...signer]
  return parts
    .join('; ')
    .replace(/[\p{Cc}\u2028\u2029\u202a-\u202e\u2066-\u2069]/gu, ' ')
    .slice(0, MAX_LINE)
    .toWellFormed()
}

const MAX_LINE = 300
