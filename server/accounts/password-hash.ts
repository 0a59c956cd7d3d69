/**
 * Passwords as argon2id in PHC form. [RFC 9106 §4] Hashing takes 19 MiB and tens of milliseconds on purpose.
 */
import { argon2Sync, randomBytes, timingSafeEqual } from 'node:crypto'

/** 19 MiB, two passes, one lane: what guessing costs an attacker per try, and what one login costs us. */
const MEMORY_KIB = 19_456
const PASSES = 2
const LANES = 1
const SALT_OCTETS = 16
const TAG_OCTETS = 32
/** Longer than any password that is meant; what follows does not count, when it is set and when it is checked. */
export const MAX_PASSWORD = 1024

/** A hash that no password has, so that unknown names cost what known ones do. */
export const NOBODY = `$argon2id$v=19$m=${MEMORY_KIB},t=${PASSES},p=${LANES}$${'A'.repeat(22)}$${'A'.repeat(43)}`

export function hashPassword(password: string): string {
  const salt = randomBytes(SALT_OCTETS)
  const tag = derive(password, salt, MEMORY_KIB, PASSES, LANES, TAG_OCTETS)
  return `$argon2id$v=19$m=${MEMORY_KIB},t=${PASSES},p=${LANES}$${plain(salt)}$${plain(tag)}`
}

export function matches(password: string, phc: string): boolean {
  const read =
    /^\$argon2id\$v=19\$m=(\d{1,7}),t=(\d{1,2}),p=(\d{1,2})\$([\w+/]{11,86})\$([\w+/]{22,86})$/.exec(phc)
  if (read === null) return false
  const expected = Buffer.from(read[5] ?? '', 'base64')
  const salt = Buffer.from(read[4] ?? '', 'base64')
  const actual = derive(password, salt, Number(read[1]), Number(read[2]), Number(read[3]), expected.length)
  return timingSafeEqual(actual, expected)
}

const derive = (
  password: string,
  nonce: Buffer,
  memory: number,
  passes: number,
  parallelism: number,
  tagLength: number,
) =>
  // NFC, because one password typed on two machines may reach us in two spellings.
  argon2Sync('argon2id', {
    message: Buffer.from(password.slice(0, MAX_PASSWORD).normalize('NFC')),
    nonce,
    memory,
    passes,
    parallelism,
    tagLength,
  })

const plain = (octets: Buffer) => octets.toString('base64').replace(/=+$/, '')
