/**
 * Message sets a CPU second: one user's CMS verified with its chain and status, one CMS signed, two delils signed and
 * stamped by a TSA in this process, whose tokens are checked. Beside the bare key operations of such a set.
 */
import { hash } from 'node:crypto'
import { signDetached } from '../../../evidence/cms/sign.ts'
import { verifyDetached } from '../../../evidence/cms/verify.ts'
import type { KeyKind } from '../../../evidence/keys/generate.ts'
import type { Signer } from '../../../evidence/ports.ts'
import { verifySignature } from '../../../evidence/x509/algorithm.ts'
import { validatePath } from '../../../evidence/x509/path.ts'
import { signEvidence } from '../../../evidence/xades/sign.ts'
import { draftOf } from './draft.ts'
import { type Identities, makeIdentities } from './identities.ts'

/** Of one set: CMS, two delils, two tokens are signed; CMS and two tokens are verified. */
const PRIVATE_OPERATIONS = 5
const PUBLIC_OPERATIONS = 3
const SETS = 60
const OPERATIONS = 200
/** Sets and bare operations take turns, so that both meet the same neighbours; the first turn warms up. */
const TURNS = 8
const CONTENT = Buffer.alloc(5_000, 'Sayin ilgili\r\n')

export interface MessageSetFigures {
  readonly key: KeyKind
  readonly setsPerCpuSecond: number
  readonly cpuMs: number
  /** CPU of the bare private and public key operations of a set, ms; its share of `cpuMs`. */
  readonly keyOperationsMs: number
  readonly share: number
  readonly signaturesPerCpuSecond: number
  readonly verificationsPerCpuSecond: number
}

export async function measureMessageSets(key: KeyKind): Promise<MessageSetFigures> {
  const who = makeIdentities(key)
  const user = await signed(who.user, CONTENT)
  const turns = []
  for (let turn = 0; turn < TURNS; turn++) {
    const set = await cpuMsOf(SETS, () => messageSet(who, user))
    const priv = await cpuMsOf(OPERATIONS, () => who.provider.sign(CONTENT.subarray(0, 400)))
    const pub = await cpuMsOf(OPERATIONS, bareCheck(who.provider, await who.provider.sign(CONTENT)))
    if (turn > 0) turns.push({ set, priv, pub, bare: PRIVATE_OPERATIONS * priv + PUBLIC_OPERATIONS * pub })
  }
  const cpuMs = median(turns.map(({ set }) => set))
  return {
    key,
    setsPerCpuSecond: 1000 / cpuMs,
    cpuMs,
    keyOperationsMs: median(turns.map(({ bare }) => bare)),
    share: median(turns.map(({ bare, set }) => bare / set)),
    signaturesPerCpuSecond: 1000 / median(turns.map(({ priv }) => priv)),
    verificationsPerCpuSecond: 1000 / median(turns.map(({ pub }) => pub)),
  }
}

const signed = (signer: Signer, content: Uint8Array): Promise<Uint8Array> =>
  signDetached({
    digest: hash(signer.hash, content, 'buffer'),
    signer,
    signingTime: new Date(),
  })

let count = 0

async function messageSet(who: Identities, user: Uint8Array): Promise<void> {
  const report = await verifyDetached(user, (name) => hash(name, CONTENT, 'buffer'))
  const [signer] = report.signers
  if (signer?.ok !== true) throw new Error(`the signature fails: ${signer?.detail}`)
  const at = new Date()
  const path = validatePath(signer.certificate, { ...who.trust, intermediates: report.certificates, at })
  if (!path.ok) throw new Error(`the chain fails: ${path.detail}`)
  await signed(who.provider, CONTENT)
  for (let delil = 0; delil < 2; delil++)
    await signEvidence(draftOf(CONTENT, ++count), who.provider, who.timestamper, at)
}

/** One check of a signature by OpenSSL with a key that is at hand. */
function bareCheck(signer: Signer, signature: Uint8Array): () => void {
  const { publicKey } = signer.certificate
  const algorithm = { kind: signer.algorithm, hash: undefined, saltLength: undefined }
  return () => {
    if (!verifySignature(algorithm, signer.hash, publicKey, CONTENT, signature))
      throw new Error('bad signature')
  }
}

/** CPU of all threads of this process for one of so many, ms. */
async function cpuMsOf(times: number, act: () => unknown): Promise<number> {
  const before = process.cpuUsage()
  for (let turn = 0; turn < times; turn++) await act()
  const { user, system } = process.cpuUsage(before)
  return (user + system) / 1000 / times
}

const median = (values: readonly number[]): number => values.toSorted((a, b) => a - b)[values.length >> 1]!
