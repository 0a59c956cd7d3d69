/** Trust as the daemon has it: validators that fetch lists over HTTP. */
import { CertificateValidator } from '../../evidence/status/certificate-validator.ts'
import { pki } from './pki.ts'
import { statusSource } from './status-source.ts'

/** @param lists where the lists of root and intermediate are; none: nobody can tell */
export function validator(lists: readonly string[]): CertificateValidator {
  return new CertificateValidator({
    anchors: [pki().root.certificate],
    status: statusSource(),
    furtherLists: lists,
  })
}
