import type { Config } from '../../config/schema.ts'
import { readTrust, type TrustedRoles } from '../trusted.ts'
import { type Fault, refuseDevelopment, textOf } from './certificate-check.ts'

/** Each is read as at a start, for each of its roles; or as at a reload, beside what was believed before. */
export async function checkTrustLists(
  { mode, trust }: Config,
  now: Date,
  fault: Fault,
  believed?: TrustedRoles,
): Promise<void> {
  for (const [index, list] of trust.lists.entries())
    for (const role of list.roles) {
      const path = `trust.lists.${index}`
      try {
        const alone = { users: [], providers: [], tsas: [], lists: [list] }
        const before = believed?.[role].lists.filter(({ file }) => file === list.file) ?? []
        const found = (await readTrust(alone, role, now, { lists: before })).at(now)
        if (found.length === 0) fault(path, `${list.file} approves nobody for ${role}`)
        if (mode === 'production') refuseDevelopment(found, path, fault)
      } catch (error) {
        fault(path, error instanceof Error ? error.message : 'the list cannot be read')
      }
    }
}

/** What is demanded of tokens: of addresses that are asked, once each, and something. */
export function checkStampDemands({ tsa }: Config, fault: Fault): void {
  for (const [index, { url, policies, maxAccuracy }] of tsa.demands.entries()) {
    const path = `tsa.demands.${index}`
    if (!tsa.urls.includes(url)) fault(`${path}.url`, `${url} is not among tsa.urls, so nobody asks it`)
    if (tsa.demands.findIndex((one) => one.url === url) < index)
      fault(`${path}.url`, `${url} stands there twice`)
    if (policies === undefined && maxAccuracy === undefined)
      fault(path, 'demands nothing: set policies or maxAccuracy')
  }
}

/** Accounts at time-stamping authorities: of addresses that are asked, with a password that only its owner can read. */
export async function checkStampAccounts(
  { mode, tsa }: Config,
  fault: Fault,
  isOpenToOthers: (file: string) => Promise<boolean>,
): Promise<void> {
  for (const [index, { url, passwordFile }] of tsa.accounts.entries()) {
    const path = `tsa.accounts.${index}`
    if (!tsa.urls.includes(url)) fault(`${path}.url`, `${url} is not among tsa.urls, so nobody asks it`)
    const password = await textOf(passwordFile, `${path}.passwordFile`, fault)
    if (password?.trim() === '') fault(`${path}.passwordFile`, 'the file is empty')
    if (password !== undefined && mode === 'production' && (await isOpenToOthers(passwordFile)))
      fault(`${path}.passwordFile`, `${passwordFile} can be read by others than its owner: chmod 600`)
  }
}
