/**
 * The keys of one role. Certificates overlap while one replaces another: the newest that is valid already signs, the others
 * have signed or will. The change happens at the moment that the certificates say, without anybody doing anything.
 */
import type { Signer } from '../ports.ts'
import { KeyError } from './error.ts'

export class KeyRing implements AsyncDisposable {
  readonly signers: readonly Signer[]

  /** @param signers at least one; those that hold something are let go with the ring */
  constructor(signers: readonly Signer[]) {
    this.signers = signers
  }

  /** Throws KeyError NONE_IN_FORCE: nothing is signed under a certificate that does not count. */
  at(time: Date): Signer {
    let newest: Signer | undefined
    for (const signer of this.signers) {
      const { notBefore, notAfter } = signer.certificate
      if (time < notBefore || time > notAfter) continue
      if (newest === undefined || notBefore > newest.certificate.notBefore) newest = signer
    }
    if (newest === undefined)
      throw new KeyError('NONE_IN_FORCE', `no certificate is valid at ${time.toISOString()}`)
    return newest
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await using held = new AsyncDisposableStack()
    for (const signer of this.signers) if (isHeld(signer)) held.use(signer)
  }
}

const isHeld = (signer: Signer): signer is Signer & AsyncDisposable => Symbol.asyncDispose in signer
