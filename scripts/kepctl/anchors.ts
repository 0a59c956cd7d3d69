import { readFile } from 'node:fs/promises'
import { type Certificate, parsePemCertificates } from '../../evidence/index.ts'
import { UsageError } from './command.ts'

export interface RoleAnchors {
  /** Of providers, and of all where no role was named. */
  readonly anchors: readonly Certificate[]
  readonly userAnchors: readonly Certificate[] | undefined
  readonly stampAnchors: readonly Certificate[] | undefined
}

/** `--trust` counts in every role; an option of one role makes the roles apart. */
export async function anchorsByRole(given: {
  readonly trust: readonly string[]
  readonly providers: readonly string[]
  readonly users: readonly string[]
  readonly tsas: readonly string[]
}): Promise<RoleAnchors> {
  const { trust, providers, users, tsas } = given
  if (providers.length + users.length + tsas.length === 0)
    return { anchors: await anchorsIn(trust), userAnchors: undefined, stampAnchors: undefined }
  const all = trust.length === 0 ? [] : await anchorsIn(trust)
  const of = async (files: readonly string[]) => [
    ...all,
    ...(files.length === 0 ? [] : await anchorsIn(files)),
  ]
  return { anchors: await of(providers), userAnchors: await of(users), stampAnchors: await of(tsas) }
}

/** The certificates that a command was told to trust. */
export async function anchorsIn(files: readonly string[]): Promise<Certificate[]> {
  if (files.length === 0)
    throw new UsageError({ tr: '--trust eksik: güvenilen köklerin PEM dosyası', en: '--trust is missing' })
  const anchors: Certificate[] = []
  for (const file of files) {
    const found = parsePemCertificates(await readFile(file, 'utf8'))
    if (found.length === 0)
      throw new UsageError({
        tr: `${file}: PEM biçiminde sertifika yok`,
        en: `${file}: no certificate in PEM`,
      })
    anchors.push(...found)
  }
  return anchors
}
