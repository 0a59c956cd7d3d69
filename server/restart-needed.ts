import type { Config } from '../config/schema.ts'

/** Sections that a reload takes over. */
const TAKEN_OVER: ReadonlySet<keyof Config> = new Set([
  'tls',
  'trust',
  'signing',
  'submission',
  'plugins',
  'revocation',
  'recipients',
  'peers',
  'relay',
  'tariff',
  'directory',
  'eyp',
  'eTebligat',
  'retention',
  'search',
  'archive',
] as const)

/** The sections that changed and are not taken over. */
export function restartNeeded(before: Config, after: Config): string[] {
  const now = new Map(Object.entries(notTakenOver(after)))
  return Object.entries(notTakenOver(before))
    .filter(([name, value]) => JSON.stringify(value) !== JSON.stringify(now.get(name)))
    .map(([name]) => name)
}

const notTakenOver = (config: Config): Record<string, unknown> =>
  Object.fromEntries(Object.entries(config).filter(([name]) => !TAKEN_OVER.has(name as keyof Config)))
