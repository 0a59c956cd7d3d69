import { hashPassword } from '../../server/accounts/password-hash.ts'

/** The least that argon2 does: a hash tells what it costs, so logins are as cheap as this. [RFC 9106 §3.1] */
const LEAST = { memory: 8, passes: 1, lanes: 1 }

/** Makes hashes as the hashing thread does, for tests whose matter is not what guessing costs. */
export const cheapPasswords = {
  hash: async (password: string): Promise<string> => hashPassword(password, LEAST),
}
