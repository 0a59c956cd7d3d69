import type { Config } from '../../config/schema.ts'
import { certificatesOf, type Fault, textOf } from './certificate-check.ts'

/** What the settings of notices name: CAs that can be read, and secrets that only their owner can. */
export async function checkNotify(
  { notify, mode }: Config,
  fault: Fault,
  isOpenToOthers: (file: string) => Promise<boolean>,
): Promise<void> {
  const { email, sms } = notify ?? {}
  const ways = [
    ['notify.email', email?.ca, email?.auth && { passwordFile: email.auth.passwordFile }],
    ['notify.sms.http', sms?.http?.ca, sms?.http?.secretHeaders],
    ['notify.sms.smpp', sms?.smpp?.ca, sms?.smpp && { passwordFile: sms.smpp.passwordFile }],
  ] as const
  for (const [path, ca = [], secrets = {}] of ways) {
    for (const [index, file] of ca.entries())
      certificatesOf(await textOf(file, `${path}.ca.${index}`, fault), `${path}.ca.${index}`, fault)
    for (const [name, file] of Object.entries(secrets)) {
      const secret = await textOf(file, `${path}.${name}`, fault)
      if (secret === undefined) continue
      if (secret.trim() === '') fault(`${path}.${name}`, 'the file is empty')
      if (mode === 'production' && (await isOpenToOthers(file)))
        fault(`${path}.${name}`, `${file} can be read by others than its owner: chmod 600`)
    }
  }
}
