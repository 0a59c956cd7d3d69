import { z } from 'zod'
import { type Certificate, parsePemCertificates } from '../../../evidence/index.ts'
import { changePerson } from '../../accounts/persons.ts'
import { type AccountView, viewOf } from './account-view.ts'
import { change, OperationError } from './operation.ts'
import { addressSchema, handleSchema } from './schemas.ts'

/** Certificates that one person logs in with: a few devices. */
const MAX_CERTIFICATES = 10

/**
 * Lets a person log in with a certificate (EXTERNAL). It is registered for this alone: one that signs is refused, because
 * who gets at a login must not have got at a signature.
 */
export const personCertificateAdd = change(
  'person certificate-add',
  z.strictObject({ address: addressSchema, handle: handleSchema, certificate: z.string().max(65_536) }),
  ({ address, handle }) => ({ account: address.toLowerCase(), person: handle }),
  async ({ directory, clock }, { address, handle, certificate }): Promise<AccountView> => {
    const { fingerprint } = readCertificate(certificate, clock.now())
    return viewOf(
      await directory.change(address, (account) =>
        changePerson(account, handle, (person) => {
          const known = new Set(person.loginCertificates).add(fingerprint)
          if (known.size > MAX_CERTIFICATES)
            throw new OperationError('WRONG_STATE', `${handle} has ${MAX_CERTIFICATES} certificates already`)
          return { ...person, loginCertificates: [...known] }
        }),
      ),
    )
  },
)

export const personCertificateRemove = change(
  'person certificate-remove',
  z.strictObject({
    address: addressSchema,
    handle: handleSchema,
    fingerprint: z.string().regex(/^[0-9a-f]{64}$/, 'expected SHA-256 in lower-case hex'),
  }),
  ({ address, handle, fingerprint }) => ({
    account: address.toLowerCase(),
    person: handle,
    details: { fingerprint },
  }),
  async ({ directory }, { address, handle, fingerprint }): Promise<AccountView> =>
    viewOf(
      await directory.change(address, (account) =>
        changePerson(account, handle, ({ loginCertificates = [], ...person }) => {
          const left = loginCertificates.filter((one) => one !== fingerprint)
          return left.length === 0 ? person : { ...person, loginCertificates: left }
        }),
      ),
    ),
)

function readCertificate(text: string, now: Date): Certificate {
  let found: Certificate[]
  try {
    found = parsePemCertificates(text)
  } catch (cause) {
    throw new OperationError('BAD_ARGUMENTS', 'the certificate cannot be read', { cause })
  }
  const [certificate] = found
  if (certificate === undefined || found.length !== 1)
    throw new OperationError('BAD_ARGUMENTS', 'expected one certificate in PEM')
  if (certificate.notAfter <= now) throw new OperationError('BAD_ARGUMENTS', 'the certificate is out of date')
  if (certificate.keyUsage?.has('nonRepudiation') === true)
    throw new OperationError(
      'BAD_ARGUMENTS',
      'imza sertifikası girişte kullanılmaz / a certificate that signs is not for logging in',
    )
  return certificate
}
