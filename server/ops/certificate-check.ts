import { readFile } from 'node:fs/promises'
import { type Certificate, parsePemCertificates } from '../../evidence/index.ts'
import { DEVELOPMENT_ORGANIZATION } from '../development/identities.ts'

/** Told once for each thing that is wrong, with its place. */
export type Fault = (path: string, reason: string) => void

export async function textOf(file: string, path: string, fault: Fault): Promise<string | undefined> {
  try {
    return await readFile(file, 'utf8')
  } catch (error) {
    fault(path, `cannot be read: ${error instanceof Error ? error.message : String(error)}`)
    return undefined
  }
}

export function certificatesOf(text: string | undefined, path: string, fault: Fault): Certificate[] {
  if (text === undefined) return []
  try {
    const certificates = parsePemCertificates(text)
    if (certificates.length === 0) fault(path, 'no certificate in the file')
    return certificates
  } catch (error) {
    fault(path, error instanceof Error ? error.message : 'unreadable certificate')
    return []
  }
}

export function refuseDevelopment(certificates: readonly Certificate[], path: string, fault: Fault): void {
  const development = certificates.find(
    ({ subject, issuer }) =>
      subject.organization === DEVELOPMENT_ORGANIZATION || issuer.organization === DEVELOPMENT_ORGANIZATION,
  )
  if (development !== undefined)
    fault(path, `${development.subject.text} was made for development; production needs a real one`)
}
