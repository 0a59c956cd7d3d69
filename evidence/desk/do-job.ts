/** The thread's side of the desk: plain data in, the same functions as anywhere, plain data out. */
import { announcedDigests, type CmsReport } from '../cms/verify.ts'
import type { Certificate, TimestampToken } from '../ports.ts'
import { parseCertificate } from '../x509/certificate.ts'
import { deskHere } from './desk.ts'
import type {
  HeldList,
  PlainContext,
  PlainDelil,
  PlainPath,
  PlainReport,
  PlainToken,
  TrustAnswer,
  TrustJob,
} from './job.ts'

/** Lists that are held are read once, and their signatures checked once; the octets themselves are the caller's. */
const MAX_HELD_OCTETS = 128 * 1024 * 1024
const held = new Map<number, Uint8Array>()

/** Throws what the work throws. */
export async function doTrustJob(job: TrustJob): Promise<TrustAnswer> {
  switch (job.kind) {
    case 'path':
      return pathOf(job)
    case 'list':
      return deskHere.list(octetsOf(job.list), job.issuer && parseCertificate(job.issuer))
    case 'digests':
      return announcedDigests(job.der)
    case 'signature':
      return signatureOf(job)
    case 'opaque':
      return reportOf(await deskHere.opaque(job.tail))
    case 'evidence':
      return delilOf(job)
    case 'restsOn':
      return (await deskHere.restsOn(job.octets)).map(({ role, certificate, beside }) => ({
        role,
        certificate: certificate.der,
        beside: beside.map(derOf),
      }))
  }
}

type Asked<K extends TrustJob['kind']> = Extract<TrustJob, { kind: K }>

async function pathOf({ leaf, context }: Asked<'path'>): Promise<PlainPath> {
  const crls = context.crls.map(octetsOf)
  const { ocsps = [] } = context
  const found = await deskHere.path(parseCertificate(leaf), {
    ...context,
    ...certificatesOf(context),
    crls,
    ocsps,
  })
  if (!found.ok) return found
  return {
    ok: true,
    revocation: found.revocation,
    policies: found.policies,
    path: found.path.map(({ fingerprint }) => fingerprint),
    usedCrls: found.usedCrls.map((octets) => crls.indexOf(octets)),
    usedOcsps: found.usedOcsps.map((octets) => ocsps.indexOf(octets)),
  }
}

async function signatureOf({ der, digests }: Asked<'signature'>): Promise<PlainReport> {
  const report = await deskHere.signature(der, (name) => {
    const digest = digests.get(name)
    if (digest === undefined) throw new RangeError(`no ${name} of the content`)
    return digest
  })
  return reportOf(report)
}

const reportOf = ({ signers, certificates, crls }: CmsReport): PlainReport => ({
  signers: signers.map((signer) => ({ ...signer, certificate: signer.certificate?.der })),
  certificates: certificates.map(derOf),
  crls,
})

async function delilOf({ octets, options }: Asked<'evidence'>): Promise<PlainDelil> {
  const { judged, claimed } = await deskHere.evidence(octets, {
    ...options,
    ...certificatesOf(options),
    stampAnchors: options.stampAnchors?.map(parseCertificate),
    crls: options.crls.map(octetsOf),
  })
  const { certificate, certificates, token } = judged
  return {
    claimed,
    judged: {
      ...judged,
      certificate: certificate?.der,
      certificates: certificates.map(derOf),
      token: token && plainToken(token),
    },
  }
}

const plainToken = ({ der, time, serial, policy, certificate }: TimestampToken): PlainToken => ({
  der,
  time,
  serial,
  policy,
  certificate: certificate.der,
})

const certificatesOf = (from: Pick<PlainContext, 'anchors' | 'intermediates'>) => ({
  anchors: from.anchors.map(parseCertificate),
  intermediates: from.intermediates.map(parseCertificate),
})

function octetsOf({ id, octets }: HeldList): Uint8Array {
  if (id === undefined) return octets
  const known = held.get(id) ?? octets
  held.delete(id)
  held.set(id, known)
  let sum = 0
  for (const list of held.values()) sum += list.length
  for (const [oldest, list] of held) {
    if (sum <= MAX_HELD_OCTETS) break
    held.delete(oldest)
    sum -= list.length
  }
  return known
}

const derOf = ({ der }: Certificate): Uint8Array => der
