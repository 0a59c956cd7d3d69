/**
 * Passwords as argon2id in PHC form. [RFC 9106 §4] Hashing takes 19 MiB and tens of milliseconds on purpose.
 */
import { argon2Sync, randomBytes, timingSafeEqual } from 'node:crypto'

/** What guessing costs an attacker per try, and what one login costs us. */
export interface HashCost {
  /** KiB, at least 8 for each lane. */
  readonly memory: number
  readonly passes: number
  readonly lanes: number
}

const COST: HashCost = { memory: 19_456, passes: 2, lanes: 1 }
const SALT_OCTETS = 16
const TAG_OCTETS = 32
/** Longer than any password that is meant; what follows does not count, when it is set and when it is checked. */
export const MAX_PASSWORD = 1024

/** A hash that no password has, so that unknown names cost what known ones do. */
export const NOBODY = `${prefixOf(COST)}$${'A'.repeat(22)}$${'A'.repeat(43)}`

/** @param cost is kept in the hash, so that each is checked at the cost at which it was made */
export function hashPassword(password: string, cost = COST): string {
  const salt = randomBytes(SALT_OCTETS)
  const tag = derive(password, salt, cost, TAG_OCTETS)
  return `${prefixOf(cost)}$${plain(salt)}$${plain(tag)}`
}

export function matches(password: string, phc: string): boolean {
  const read =
    /^\$argon2id\$v=19\$m=(\d{1,7}),t=(\d{1,2}),p=(\d{1,2})\$([\w+/]{11,86})\$([\w+/]{22,86})$/.exec(phc)
  if (read === null) return false
  const expected = Buffer.from(read[5] ?? '', 'base64')
  const salt = Buffer.from(read[4] ?? '', 'base64')
  const cost = { memory: Number(read[1]), passes: Number(read[2]), lanes: Number(read[3]) }
  const actual = derive(password, salt, cost, expected.length)
  return timingSafeEqual(actual, expected)
}

function prefixOf({ memory, passes, lanes }: HashCost): string {
  return `$argon2id$v=19$m=${memory},t=${passes},p=${lanes}`
}

const derive = (password: string, nonce: Buffer, { memory, passes, lanes }: HashCost, tagLength: number) =>
  // NFC, because one password typed on two machines may reach us in two spellings.
  argon2Sync('argon2id', {
    message: Buffer.from(password.slice(0, MAX_PASSWORD).normalize('NFC')),
    nonce,
    memory,
    passes,
    parallelism: lanes,
    tagLength,
  })

const plain = (octets: Buffer) => octets.toString('base64').replace(/=+$/, '')
