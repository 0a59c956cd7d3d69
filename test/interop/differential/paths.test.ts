/** RFC 5280 §6.1: chains before us, `openssl verify` and pkijs. Policies have a test of their own: ../openssl-policies.test.ts. */
import * as pkijs from 'pkijs'
import { afterAll, expect, test } from 'vitest'
import { toPem } from '../../../evidence/x509/certificate.ts'
import { validatePath } from '../../../evidence/x509/path.ts'
import { seeded } from '../../fakes/memory-store/documents.ts'
import type { KeyKind } from '../../fakes/pki.ts'
import { OpensslFolder } from '../openssl.ts'
import { accepts, compare, type Difference, eachOf, exact, type Opinion, TIME_LIMIT } from './opinions.ts'
import { type Chain, chainOf, FAULTS, randomConstraints } from './path-artefacts.ts'

const KINDS: readonly KeyKind[] = ['rsa', 'p256', 'p384']
const CAS = [1, 2]
const RANDOM = 200
const SEED = 5280

const folder = new OpensslFolder()
afterAll(() => folder[Symbol.dispose]())

const WEAK = [
  'leaf signed with SHA-1',
  'CA signed with SHA-1',
  'RSA-1024',
  'RSA with exponent 3',
  'a curve that we do not know',
  'Ed25519',
]

const DIFFERENCES: readonly Difference[] = [
  {
    program: 'openssl',
    faults: WEAK,
    says: 'good',
    right: 'either',
    why: 'what is strong enough is for the relying party to say; openssl asks for 80 bits where nobody sets more',
  },
  {
    program: 'pkijs',
    faults: WEAK,
    says: 'good',
    right: 'either',
    why: 'it knows no weak algorithm and no weak key',
  },
  {
    program: 'openssl',
    faults: ['critical qcStatements'],
    says: 'refused',
    right: 'either',
    why: 'we read the extension, so it is processed; openssl does not know it [RFC 3739 §3.2.6]',
  },
  {
    program: 'openssl',
    faults: ['constraints of a kind that few know'],
    says: 'good',
    right: 'either',
    why: 'who does not process constraints on URIs refuses them [RFC 5280 §4.2.1.10]; nobody is named by one here',
  },
  {
    program: 'pkijs',
    faults: ['constraints of a kind that few know', 'one of two names outside'],
    says: 'good',
    right: 'ours',
    why: 'it takes one name within for all of them; each must be [RFC 5280 §6.1.3 (b)]',
  },
  {
    program: 'pkijs',
    faults: ['any constraints'],
    says: 'good',
    right: 'ours',
    why: 'the same, and openssl is of our opinion in each of these',
  },
  {
    program: 'pkijs',
    faults: ['any constraints'],
    says: 'refused',
    right: 'ours',
    why: 'it excludes X@kep.tr with x@kep.tr; local parts are told apart by case [RFC 5280 §7.5]',
  },
  {
    program: 'pkijs',
    faults: ['leaf with an unknown critical extension', 'CA with an unknown critical extension'],
    says: 'good',
    right: 'ours',
    why: 'what is critical and not known must be refused [RFC 5280 §4.2]',
  },
  {
    program: 'pkijs',
    faults: ['pathLen too short'],
    says: 'good',
    right: 'ours',
    why: 'the number of CAs below is limited [RFC 5280 §6.1.4 (l), (m)]',
  },
]

const pem = (...all: readonly { der: Uint8Array }[]): string =>
  all.map(({ der }) => toPem('CERTIFICATE', der)).join('')

async function opensslSays({ leaf, intermediates, anchor }: Chain, id: string): Promise<boolean> {
  folder.write(`${id}.leaf`, pem(leaf))
  folder.write(`${id}.chain`, pem(...intermediates))
  folder.write(`${id}.root`, pem(anchor))
  const chain = intermediates.length === 0 ? [] : ['-untrusted', `${id}.chain`]
  const trust = ['-no-CApath', '-no-CAstore', '-CAfile', `${id}.root`, ...chain]
  return await accepts('openssl', ['verify', ...trust, `${id}.leaf`], folder.path)
}

async function pkijsSays({ leaf, intermediates, anchor }: Chain): Promise<boolean> {
  const [root, ...certs] = [anchor, ...intermediates, leaf].map(({ der }) =>
    pkijs.Certificate.fromBER(exact(der)),
  )
  const engine = new pkijs.CertificateChainValidationEngine({
    trustedCerts: [root!],
    certs,
    checkDate: new Date(),
  })
  return (await engine.verify({ passedWhenNotRevValues: true })).result
}

function weSay({ leaf, intermediates, anchor }: Chain): string {
  const trust = { anchors: [anchor], intermediates, crls: [], revocation: 'if-present' } as const
  const path = validatePath(leaf, { ...trust, at: new Date() })
  return path.ok ? 'good' : path.failure
}

test(
  'chains: whoever says otherwise than we is in the table',
  async () => {
    const chance = seeded(SEED)
    const shapes = [
      ...KINDS.flatMap((kind) =>
        CAS.flatMap((cas) =>
          FAULTS.filter(({ leastCas = 1, mostCas = 9 }) => cas >= leastCas && cas <= mostCas).map(
            (fault) => ({
              fault: fault.name,
              name: `${kind}, ${cas} CAs`,
              chain: chainOf(kind, cas, fault),
            }),
          ),
        ),
      ),
      ...Array.from({ length: RANDOM }, (_, at) => ({
        fault: 'any constraints',
        name: `${at}`,
        chain: chainOf('p256', 1, randomConstraints(chance)),
      })),
    ]
    const opinions = await eachOf(shapes, async ({ fault, name, chain }, at): Promise<Opinion> => {
      const [openssl, other] = [await opensslSays(chain, String(at)), await pkijsSays(chain)]
      return { fault, name, ours: weSay(chain), theirs: { openssl, pkijs: other } }
    })
    const result = compare(opinions, DIFFERENCES)
    expect(result.unexplained).toEqual([])
    expect(result.stale).toEqual([])
    expect(result.artefacts).toBeGreaterThanOrEqual(500)
    expect(Math.min(result.good, result.artefacts - result.good)).toBeGreaterThan(result.artefacts / 5)
  },
  TIME_LIMIT,
)
