/** Evidence records of sealed archives. */
import { hash } from 'node:crypto'
import { readEvidenceRecord, writeEvidenceRecord } from '../../../evidence/archive/evidence-record.ts'
import { rootOfReduced } from '../../../evidence/archive/hash-tree.ts'
import { type RecordTokenCheck, verifyRecord } from '../../../evidence/archive/verify-record.ts'
import { encode, integer, sequence } from '../../../evidence/asn1/writer.ts'
import { verifyToken } from '../../../evidence/tsa/token.ts'
import { localTimestamper } from '../../../test/fakes/evidence.ts'
import { pki } from '../../../test/fakes/pki.ts'
import { Broken, filled, shapeOf, type Target } from '../target.ts'

const object = Buffer.from('nesne')
const digest = hash('sha256', object, 'buffer')
const other = hash('sha256', 'başka', 'buffer')
const proved = new Set<string>()

const checkToken: RecordTokenCheck = (token, imprint, name) =>
  verifyToken(token, { imprint, hash: name, trust: { ...pki().trust, revocation: 'if-present' } })
const verify = (der: Uint8Array) => verifyRecord(der, [object], { checkToken, now: new Date() })

export const record: Target = {
  name: 'record',
  kind: 'der',
  weight: 1,
  async seeds() {
    const trees = [undefined, [[digest, other].sort(Buffer.compare), [other]]]
    const seeds = await Promise.all(
      trees.map(async (tree) => {
        const imprint = rootOfReduced('sha256', tree ?? [[digest]])
        const { der } = await localTimestamper().stamp(imprint, 'sha256')
        return writeEvidenceRecord({ chains: [[{ hash: 'sha256', tree, token: der }]] })
      }),
    )
    for (const one of seeds) {
      const report = verify(one)
      if (report.ok) proved.add(report.provedAt.toISOString())
    }
    return seeds
  },
  run(input) {
    const report = verify(input)
    if (!report.ok) return `${report.failure} ${shapeOf(report.detail)}`
    if (!proved.has(report.provedAt.toISOString())) throw new Broken('a time that nobody proved')
    return `holds ${readEvidenceRecord(input).chains.length}`
  },
  growth: [
    {
      name: 'chains of two octets',
      make: (octets) => sequence(integer(1), sequence(), encode(0x30, filled(octets, sequence()))),
    },
  ],
}
