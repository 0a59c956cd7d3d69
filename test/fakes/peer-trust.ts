/** Trust as the daemon has it: validators that fetch lists over HTTP. */
import { CertificateValidator } from '../../evidence/x509/certificate-validator.ts'
import { CrlSource } from '../../evidence/x509/crl-source.ts'
import { systemClock } from '../../mail/clock.ts'
import { pki } from './pki.ts'

/** @param lists where the lists of root and intermediate are; none: nobody can tell */
export function validator(lists: readonly string[]): CertificateValidator {
  return new CertificateValidator({
    anchors: [pki().root.certificate],
    crls: new CrlSource({ clock: systemClock, maxAgeMs: () => 60_000, onFailure: () => {} }),
    furtherLists: lists,
  })
}
