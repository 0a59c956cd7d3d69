import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type Certificate, parseCertificate, parsePemCertificates } from '../../evidence/index.ts'
import { readCrl } from '../../evidence/x509/crl.ts'
import { validatePath } from '../../evidence/x509/path.ts'
import { OpensslFolder } from './openssl.ts'

const folder = new OpensslFolder()
let anchor: Certificate
const leaves: Record<string, Certificate> = {}

const SETTINGS = `
[ca]
default_ca = a
[a]
database = index.txt
serial = ser
crlnumber = crlno
new_certs_dir = .
default_md = sha256
policy = p
default_days = 30
default_crl_days = 5
x509_extensions = leaf
[p]
commonName = supplied
[leaf]
crlDistributionPoints = URI:http://crl.example/1.crl
[points_1]
issuingDistributionPoint = critical, @point_1
[point_1]
fullname = URI:http://crl.example/1.crl
[points_2]
issuingDistributionPoint = critical, @point_2
[point_2]
fullname = URI:http://crl.example/2.crl
[users]
issuingDistributionPoint = critical, @only_users
[only_users]
onlyuser = TRUE
[authorities]
issuingDistributionPoint = critical, @only_cas
[only_cas]
onlyCA = TRUE
[some]
issuingDistributionPoint = critical, @only_some
[only_some]
onlysomereasons = keyCompromise, CACompromise
[rest]
issuingDistributionPoint = critical, @only_rest
[only_rest]
onlysomereasons = affiliationChanged, superseded, cessationOfOperation, certificateHold, privilegeWithdrawn, AACompromise
[indirect]
issuingDistributionPoint = critical, @for_others
[for_others]
indirectCRL = TRUE
[delta_1]
2.5.29.27 = critical, DER:02:01:01
`

const ca = ['-config', 'ca.cnf', '-cert', 'ca.pem', '-keyfile', 'ca.key']

/** A list as things are now, under the next number. */
function list(section?: string): Uint8Array {
  const extensions = section === undefined ? [] : ['-crlexts', section]
  folder.run('ca', ...ca, '-gencrl', ...extensions, '-out', 'list.pem')
  folder.run('crl', '-in', 'list.pem', '-outform', 'DER', '-out', 'list.der')
  return Uint8Array.from(folder.read('list.der'))
}

beforeAll(() => {
  folder.write('ca.cnf', SETTINGS)
  folder.write('index.txt', '')
  folder.write('ser', '01')
  folder.write('crlno', '01')
  const made = ['-nodes', '-keyout', 'ca.key', '-out', 'ca.pem', '-subj', '/CN=OpenSSL']
  folder.run('req', '-x509', '-newkey', 'rsa:2048', ...made)
  for (const name of ['kept', 'revoked']) {
    const key = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-keyout', `${name}.key`]
    folder.run('req', ...key, '-out', `${name}.csr`, '-subj', `/CN=${name}`)
    folder.run('ca', '-batch', ...ca, '-in', `${name}.csr`, '-out', `${name}.pem`, '-notext')
    leaves[name] = parsePemCertificates(folder.read(`${name}.pem`).toString())[0]!
  }
  anchor = parseCertificate(parsePemCertificates(folder.read('ca.pem').toString())[0]!.der)
})
afterAll(() => folder[Symbol.dispose]())

const judge = (name: string, crls: readonly Uint8Array[]): string => {
  const context = { anchors: [anchor], intermediates: [], revocation: 'require' as const }
  const at = new Date(Date.now() + 2000)
  const result = validatePath(leaves[name]!, { ...context, crls, at })
  if (result.ok) return 'good'
  return result.failure === 'REVOCATION_UNKNOWN' ? /: ([A-Z_]+) /.exec(result.detail)![1]! : result.failure
}

describe('lists that openssl makes', () => {
  test('of a part: what it says of our certificate', () => {
    expect(judge('kept', [list('points_1')])).toBe('good')
    expect(judge('kept', [list('points_2')])).toBe('CRL_SCOPE')
    expect(judge('kept', [list('users')])).toBe('good')
    expect(judge('kept', [list('authorities')])).toBe('CRL_SCOPE')
    expect(judge('kept', [list('indirect')])).toBe('CRL_INDIRECT')
    const some = list('some')
    expect(judge('kept', [some])).toBe('CRL_REASONS')
    expect(judge('kept', [some, list('rest')])).toBe('good')
  })
  test('delta lists over a base', () => {
    const base = list()
    const number = Number(readCrl(base).number)
    folder.run('ca', ...ca, '-revoke', 'revoked.pem', '-crl_reason', 'keyCompromise')
    const delta = list('delta_1')
    expect(readCrl(delta)).toMatchObject({ deltaBase: 1n, number: BigInt(number + 1) })
    expect(judge('kept', [delta])).toBe('CRL_BASE')
    expect(judge('kept', [base, delta])).toBe('good')
    expect(judge('revoked', [base])).toBe('good')
    expect(judge('revoked', [base, delta])).toBe('REVOKED')
  })
})
