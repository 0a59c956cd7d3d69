import type { Config } from '../../../config/schema.ts'
import { type FileReport, verifyFile } from '../../../evidence/index.ts'
import { systemClock } from '../../../mail/clock.ts'
import { readAnchors } from '../../key-files.ts'

/** Judges by whom the configuration believes now, as `kepctl verify` does by what it is given. */
export const verifierOf =
  (config: () => Config) =>
  async (name: string, octets: Uint8Array): Promise<FileReport> => {
    const { users, providers, tsas } = config().trust
    const anchors = await readAnchors([...new Set([...users, ...providers, ...tsas])])
    return verifyFile(
      { name, octets, content: undefined },
      { anchors, intermediates: [], crls: [], revocation: 'if-present', now: systemClock.now() },
    )
  }
