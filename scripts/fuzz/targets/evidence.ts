/** Signed XML: evidence and trusted lists. */
import { readEvidence } from '../../../evidence/model/read.ts'
import { TrustListError } from '../../../evidence/trust-list/error.ts'
import { readTrustList } from '../../../evidence/trust-list/read-list.ts'
import { verifyEvidence } from '../../../evidence/verify/evidence.ts'
import { parseXml } from '../../../evidence/xml/parse.ts'
import { XmlError } from '../../../evidence/xml/tree.ts'
import { signedEvidence, trustOptions } from '../../../test/fakes/evidence.ts'
import { pki } from '../../../test/fakes/pki.ts'
import { listXml, signedList } from '../../../test/fakes/trust-list.ts'
import { Broken, codeOf, shapeOf, type Target } from '../target.ts'

const known = new Set<string>()

export const evidence: Target = {
  name: 'evidence',
  kind: 'xml',
  weight: 2,
  async seeds() {
    const seeds = [
      await signedEvidence(Buffer.from('x')),
      await signedEvidence(Buffer.from('y'), { delegates: [] }, pki().user.signer),
    ]
    for (const one of seeds) known.add(JSON.stringify(verifyEvidence(one, trustOptions()).fields))
    return seeds
  },
  run(input) {
    const { fields, findings } = verifyEvidence(input, trustOptions())
    if (fields !== undefined && !known.has(JSON.stringify(fields)))
      throw new Broken('facts that nobody signed are told')
    const claimed = codeOf([XmlError], () => readEvidence(parseXml(input)).root)
    return `${findings.map(({ subIndication, detail }) => `${subIndication} ${shapeOf(detail)}`)} ${claimed}`
  },
  growth: [
    {
      name: 'identifiers',
      make: (octets) =>
        signatureAround(Array.from({ length: octets / 14 }, (_, at) => `<a Id="${at}"/>`).join('')),
    },
    {
      name: 'prefixes of a canonicalisation',
      make: (octets) =>
        inSignedInfo(
          `<ds:Reference URI=""><ds:Transforms><ds:Transform Algorithm="http://www.w3.org/2001/10/xml-exc-c14n#"><i:InclusiveNamespaces xmlns:i="http://www.w3.org/2001/10/xml-exc-c14n#" PrefixList="${'a '.repeat(octets / 2)}"/></ds:Transform></ds:Transforms></ds:Reference>`,
        ),
    },
    {
      name: 'references of a signature',
      make: (octets) => inSignedInfo('<ds:Reference URI=""></ds:Reference>'.repeat(octets / 36)),
    },
    { name: 'what is signed', make: (octets) => signatureAround('<a>b</a>'.repeat(octets / 8)) },
  ],
}

const DS = 'http://www.w3.org/2000/09/xmldsig#'
const signatureAround = (text: string): Buffer =>
  Buffer.from(`<r>${text}<ds:Signature xmlns:ds="${DS}" Id="s"></ds:Signature></r>`)
const inSignedInfo = (text: string): Buffer =>
  Buffer.from(
    `<r><ds:Signature xmlns:ds="${DS}" Id="s"><ds:SignedInfo><ds:CanonicalizationMethod Algorithm="http://www.w3.org/2001/10/xml-exc-c14n#"/><ds:SignatureMethod Algorithm="http://www.w3.org/2001/04/xmldsig-more#rsa-sha256"/>${text}</ds:SignedInfo>` +
      '<ds:SignatureValue>AA==</ds:SignatureValue><ds:KeyInfo/><ds:Object><x:QualifyingProperties xmlns:x="http://uri.etsi.org/01903/v1.3.2#" Target="#s"><x:SignedProperties><x:SignedSignatureProperties/></x:SignedProperties></x:QualifyingProperties></ds:Object></ds:Signature></r>',
  )

const AT = new Date('2026-07-01T00:00:00Z')
const lists = new Set<string>()
const told = (octets: Uint8Array): string =>
  JSON.stringify(readTrustList(octets, { signers: [pki().provider.certificate], at: AT }), (key, value) =>
    key === 'certificate' ? value.fingerprint : value,
  )

export const trustList: Target = {
  name: 'trust-list',
  kind: 'xml',
  weight: 1,
  async seeds() {
    const service = {
      certificates: [pki().intermediate.certificate],
      type: 'CA/QC',
      status: 'granted',
      from: '2020-01-01T00:00:00Z',
      history: [{ type: 'CA/QC', status: 'undersupervision', from: '2015-01-01T00:00:00Z' }],
    }
    const unsigned = listXml({ services: [service] })
    const signed = await signedList(unsigned, pki().provider)
    lists.add(told(signed))
    return [signed, Buffer.from(unsigned)]
  },
  run: (input) =>
    codeOf([TrustListError], () => {
      try {
        if (!lists.has(told(input))) throw new Broken('a trusted list that nobody signed is believed')
        return 'believed'
      } catch (error) {
        if (error instanceof TrustListError) return shapeOf(error.message)
        throw error
      }
    }),
  growth: [],
}
