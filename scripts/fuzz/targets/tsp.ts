/** Answers of time-stamping authorities, tokens, and the queries that ours answers. */

import { Asn1Error } from '../../../evidence/asn1/error.ts'
import { OID } from '../../../evidence/asn1/oid.ts'
import { integer, oid, sequence, tagged, utf8String } from '../../../evidence/asn1/writer.ts'
import { signEnclosed } from '../../../evidence/cms/sign.ts'
import { TimestampError } from '../../../evidence/tsa/error.ts'
import { buildTimestampRequest, parseTimestampRequest } from '../../../evidence/tsa/request.ts'
import { answerTimestampQuery } from '../../../evidence/tsa/responder.ts'
import { tokenOfResponse } from '../../../evidence/tsa/response.ts'
import { verifyToken } from '../../../evidence/tsa/token.ts'
import { systemClock } from '../../../mail/clock.ts'
import { pki } from '../../../test/fakes/pki.ts'
import { TSA_POLICY } from '../../../test/fakes/tsa.ts'
import { Broken, codeOf, filled, shapeOf, type Target } from '../target.ts'

const imprint = new Uint8Array(32).fill(7)
const nonce = Uint8Array.of(1, 2, 3)
const expected = () =>
  ({ imprint, hash: 'sha256', nonce, policies: [TSA_POLICY], trust: pki().trust }) as const
const query = (more: object = {}) =>
  buildTimestampRequest({ imprint, hash: 'sha256', nonce, certificate: true, ...more })
const authority = {
  get signer() {
    return pki().tsa.signer
  },
  policy: TSA_POLICY,
  serial: () => 5n,
  clock: systemClock,
}

const known = new Set<string>()
const said = (token: Uint8Array): string => {
  const { time, serial, policy, accuracyMs } = verifyToken(token, expected())
  return `${time.toISOString()} ${serial} ${policy} ${accuracyMs}`
}

export const tsp: Target = {
  name: 'tsp',
  kind: 'der',
  weight: 2,
  async seeds() {
    const granted = await answerTimestampQuery(query(), authority)
    const bare = await answerTimestampQuery(query({ certificate: false }), authority)
    const info = { contentType: OID.tstInfo, signer: pki().tsa.signer, signingTime: new Date() } as const
    const odd = await signEnclosed(sequence(integer(1), oid(TSA_POLICY), integer(5)), info)
    known.add(said(tokenOfResponse(granted)))
    return [
      granted,
      bare,
      tokenOfResponse(granted),
      odd,
      await answerTimestampQuery(query({ policy: '1.2.3' }), authority),
      query(),
      query({ policy: TSA_POLICY }),
    ]
  },
  run(input) {
    const token = codeOf([TimestampError], () => {
      try {
        return believed(input)
      } catch (error) {
        if (error instanceof TimestampError) return shapeOf(error.message)
        throw error
      }
    })
    const answered = codeOf([TimestampError], () => believed(tokenOfResponse(input)))
    const asked = codeOf([Asn1Error], () => String(parseTimestampRequest(input).hash))
    return `${token} ${answered} ${asked}`
  },
  growth: [
    {
      name: 'what the authority says',
      make: (octets) => sequence(sequence(integer(2), sequence(filled(octets, utf8String('ş'))))),
    },
    {
      name: 'a token of any size',
      make: (octets) =>
        sequence(
          sequence(integer(0)),
          sequence(oid(OID.signedData), tagged(0, sequence(Buffer.alloc(octets, '0500', 'hex')))),
        ),
    },
  ],
}

function believed(token: Uint8Array): string {
  const what = said(token)
  if (!known.has(what)) throw new Broken('a time-stamp that nobody made holds')
  return 'holds'
}
