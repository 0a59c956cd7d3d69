import type { KeyKind } from '../../../evidence/keys/generate.ts'
import { ocspStatus } from '../../../evidence/x509/ocsp-status.ts'
import { answer } from '../../../test/fakes/ocsp-responder.ts'
import { makeIdentities } from './identities.ts'

const WARM_UP = 100
const COUNTED = 500

export interface OcspCheck {
  readonly key: KeyKind
  /** Of one answer by the issuer that was not seen before: read, its signature checked, CPU. */
  readonly cpuMs: number
}

export function measureOcspCheck(key: KeyKind): OcspCheck {
  const { issuer, user } = makeIdentities(key)
  const { certificate } = user
  const told = answer({ issuer, singles: [{ certificate }] })
  const at = new Date()
  const check = (): void => {
    const ocsps = [Uint8Array.from(told)]
    const { status } = ocspStatus({ certificate, issuer: issuer.certificate, ocsps, crls: [], at })
    if (status !== 'good') throw new Error(`the answer says ${status}`)
  }
  for (let turn = 0; turn < WARM_UP; turn++) check()
  const before = process.cpuUsage()
  for (let turn = 0; turn < COUNTED; turn++) check()
  const { user: own, system } = process.cpuUsage(before)
  return { key, cpuMs: (own + system) / 1000 / COUNTED }
}
