import { KeyError } from '../error.ts'
import type { Cryptoki, Handle, TokenInfo } from './cryptoki.ts'
import { nameOf, type TokenName } from './job.ts'
import type { Place } from './pins.ts'

/** Where a token of that name is now. Throws KeyError NO_TOKEN. */
export function placeOf(library: Cryptoki, token: TokenName): Place {
  for (const slot of library.C_GetSlotList(true)) {
    const number = numberOf(slot)
    if (token.token === undefined && number !== token.slot) continue
    const info = library.C_GetTokenInfo(slot)
    if (token.token !== undefined && text(info.label) !== token.token) continue
    return { slot, identity: identityOf(info, number) }
  }
  throw new KeyError('NO_TOKEN', `no token ${nameOf(token)} is there`)
}

/** Its serial number, which makers give out each for themselves; where it has none the slot has to do. */
const identityOf = ({ manufacturerID, model, serialNumber }: TokenInfo, slot: number): string =>
  text(serialNumber) === '' ? `slot ${slot}` : [manufacturerID, model, serialNumber].map(text).join('\0')

const text = (padded: string): string => padded.replaceAll('\0', '').trimEnd()

const numberOf = (handle: Handle): number =>
  handle.length === 8 ? Number(handle.readBigUInt64LE()) : handle.readUInt32LE()
