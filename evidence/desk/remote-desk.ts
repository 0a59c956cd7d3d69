/**
 * Hands to other threads what would hold this one for long, and does the rest at once: a hop costs a tenth of a
 * millisecond, and what an honest message brings takes less than two of them. What comes back is the certificates that
 * are known here already, or is read again from its DER.
 */
import type { RestsOn } from '../archive/rests-on.ts'
import type { CmsReport, CmsSigner } from '../cms/verify.ts'
import type { Certificate, PathResult, TrustContext } from '../ports.ts'
import { parseCertificate } from '../x509/certificate.ts'
import { deskHere, type ReadDelil, type TrustDesk } from './desk.ts'
import type { DoElsewhere, HeldList, PlainContext, PlainDelil, PlainToken, TrustJob, Work } from './job.ts'

/** A millisecond to read 130 KB of a list; looking something up takes a tenth of that. */
const LARGE_LIST = 128 * 1024
/** A delil to one recipient has 8 KB and takes half a millisecond; one to a thousand has 130 KB and takes 10. */
const LARGE_EVIDENCE = 32 * 1024
/** One signer with a chain has 3 to 8 KB; sixteen with large keys have 32 and take 10 ms. */
const LARGE_SIGNATURE = 16 * 1024
/** Certificates of a path that could be tried, a tenth of a millisecond each; of those with slow keys, which take ten times that. */
const MANY_CERTIFICATES = 8
const MANY_SLOW = 2

export function remoteDesk(elsewhere: DoElsewhere): TrustDesk {
  const ask = async <K extends keyof Work>(
    kind: K,
    asked: Work[K]['asked'],
    signal?: AbortSignal,
  ): Promise<Work[K]['answer']> => await elsewhere({ kind, ...asked } as unknown as TrustJob, signal)
  const ids = new WeakMap<Uint8Array, number>()
  let nextId = 1
  const held = (octets: Uint8Array): HeldList => {
    const id = ids.get(octets)
    return { id, octets: id === undefined ? shared(octets) : octets }
  }
  const plain = <T extends Pick<TrustContext, 'anchors' | 'intermediates' | 'crls'>>(from: T) => ({
    ...from,
    anchors: from.anchors.map(derOf),
    intermediates: from.intermediates.map(derOf),
    crls: from.crls.map(held),
  })
  return {
    path: async (leaf, context) => {
      const octets = context.crls.reduce((sum, { length }) => sum + length, 0)
      const { intermediates } = context
      const isShort =
        intermediates.length <= MANY_CERTIFICATES && intermediates.filter(hasSlowKey).length <= MANY_SLOW
      if (octets <= LARGE_LIST && isShort) return deskHere.path(leaf, context)
      const asked: PlainContext = { ...plain(context), ocsps: context.ocsps?.map(shared) }
      return pathFrom(await ask('path', { leaf: leaf.der, context: asked }), leaf, context)
    },
    list: async (der, issuer) =>
      der.length <= LARGE_LIST
        ? deskHere.list(der, issuer)
        : ask('list', { list: held(der), issuer: issuer?.der }),
    hold: (list) => {
      if (list.length <= LARGE_LIST) return list
      const octets = shared(list)
      ids.set(octets, nextId++)
      return octets
    },
    signature: async (der, digestOf) => {
      if (der.length <= LARGE_SIGNATURE) return deskHere.signature(der, digestOf)
      const octets = shared(der)
      const digests = new Map()
      for (const name of await ask('digests', { der: octets })) digests.set(name, await digestOf(name))
      return reportFrom(await ask('signature', { der: octets, digests }))
    },
    opaque: async (tail) =>
      tail.octets.length <= LARGE_SIGNATURE
        ? deskHere.opaque(tail)
        : reportFrom(await ask('opaque', { tail: { ...tail, octets: shared(tail.octets) } })),
    evidence: async (octets, options) => {
      if (octets.length <= LARGE_EVIDENCE) return deskHere.evidence(octets, options)
      // Nobody but the provider signs evidence.
      const { userAnchors: _, ...given } = options
      const stampAnchors = options.stampAnchors?.map(derOf)
      return delilFrom(
        await ask('evidence', { octets: shared(octets), options: { ...plain(given), stampAnchors } }),
      )
    },
    restsOn: async (octets, signal) => {
      if (octets.length <= LARGE_EVIDENCE) return deskHere.restsOn(octets)
      return (await ask('restsOn', { octets: shared(octets) }, signal)).map(
        ({ role, certificate, beside }): RestsOn => ({
          role,
          certificate: parseCertificate(certificate),
          beside: beside.map(parseCertificate),
        }),
      )
    },
  }
}

/** P-384 and P-521 take 0.7 and 1.4 ms a check, RSA over 4,096 bits up to 0.8; the rest 0.1. */
function hasSlowKey(certificate: Certificate): boolean {
  const known = slow.get(certificate)
  if (known !== undefined) return known
  const { modulusLength = 0, namedCurve = 'prime256v1' } = certificate.publicKey.asymmetricKeyDetails ?? {}
  const isSlow = modulusLength > 4096 || namedCurve !== 'prime256v1'
  slow.set(certificate, isSlow)
  return isSlow
}

const slow = new WeakMap<Certificate, boolean>()

/** One copy instead of two on the way, and never the whole message of which these are a slice. */
function shared(octets: Uint8Array): Uint8Array {
  const copy = new Uint8Array(new SharedArrayBuffer(octets.length))
  copy.set(octets)
  return copy
}

function pathFrom(answer: Work['path']['answer'], leaf: Certificate, context: TrustContext): PathResult {
  if (!answer.ok) return answer
  const { crls, ocsps = [] } = context
  const known = new Map(
    [...context.intermediates, ...context.anchors, leaf].map((one) => [one.fingerprint, one]),
  )
  return {
    ok: true,
    revocation: answer.revocation,
    policies: answer.policies,
    path: answer.path.map((fingerprint) => known.get(fingerprint) ?? missing()),
    usedCrls: answer.usedCrls.map((at) => crls[at] ?? missing()),
    usedOcsps: answer.usedOcsps.map((at) => ocsps[at] ?? missing()),
  }
}

const missing = (): never => {
  throw new RangeError('an answer about what was not asked')
}

const reportFrom = ({ signers, certificates, crls }: Work['signature']['answer']): CmsReport => ({
  signers: signers.map(
    (signer) =>
      ({ ...signer, certificate: signer.certificate && parseCertificate(signer.certificate) }) as CmsSigner,
  ),
  certificates: certificates.map(parseCertificate),
  crls,
})

const delilFrom = ({ judged, claimed }: PlainDelil): ReadDelil => ({
  claimed,
  judged: {
    ...judged,
    certificate: judged.certificate && parseCertificate(judged.certificate),
    certificates: judged.certificates.map(parseCertificate),
    token: judged.token && tokenFrom(judged.token),
  },
})

const tokenFrom = ({ certificate, ...token }: PlainToken) => ({
  ...token,
  certificate: certificate === undefined ? missing() : parseCertificate(certificate),
})

const derOf = ({ der }: Certificate): Uint8Array => der
